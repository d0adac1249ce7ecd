/** What differs between time-series engines. One engine so far: native weekly partitions. */
export { enforceRetentionJob } from './enforce-retention.job.js';
export { ensurePartitionsJob } from './ensure-partitions.job.js';
export { EnsurePartitions } from './ensure-partitions.js';
export { TimeSeriesModule } from './time-series.module.js';
