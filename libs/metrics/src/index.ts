/** Rollups of events, kept up to date by jobs, and the questions that they answer. */
export { DetectAnomalies } from './application/anomalies/detect-anomalies.js';
export { detectAnomaliesJob } from './application/anomalies/detect-anomalies.job.js';
export { AGENT_NAMER } from './application/exports/agent-namer.js';
export { expireExportsJob } from './application/exports/expire-exports.job.js';
export { RunExports } from './application/exports/run-exports.js';
export { runExportsJob } from './application/exports/run-exports.job.js';
export { RefreshAudience } from './application/audience/refresh-audience.js';
export { refreshAudienceJob } from './application/audience/refresh-audience.job.js';
export { reconcileAggregatesJob } from './application/reconcile-aggregates.job.js';
export { RefreshAggregates } from './application/refresh-aggregates.js';
export { refreshAggregatesJob } from './application/refresh-aggregates.job.js';
export { RefreshDimensions } from './application/query/refresh-dimensions.js';
export { refreshDimensionsJob } from './application/query/refresh-dimensions.job.js';
export { RefreshMetricsDaily } from './application/refresh-metrics-daily.js';
export { refreshMetricsDailyJob } from './application/refresh-metrics-daily.job.js';
export { RefreshReleaseCurves } from './application/releases/refresh-release-curves.js';
export { refreshReleaseCurvesJob } from './application/releases/refresh-release-curves.job.js';
export { MetricsHttpModule, MetricsModule } from './metrics.module.js';
