/** Rollups of events, kept up to date by jobs, and the questions that they answer. */
export { reconcileAggregatesJob } from './application/reconcile-aggregates.job.js';
export { RefreshAggregates } from './application/refresh-aggregates.js';
export { refreshAggregatesJob } from './application/refresh-aggregates.job.js';
export { RefreshMetricsDaily } from './application/refresh-metrics-daily.js';
export { refreshMetricsDailyJob } from './application/refresh-metrics-daily.job.js';
export { thinRollupsJob } from './application/retention/thin-rollups.job.js';
export { MeasureStorage } from './application/usage/measure-storage.js';
export { measureStorageJob } from './application/usage/measure-storage.job.js';
export { MetricsHttpModule, MetricsModule } from './metrics.module.js';
