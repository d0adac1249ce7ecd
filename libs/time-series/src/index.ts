/**
 * What differs between time-series engines, one so far: native weekly partitions. And the work list of dirty buckets, by
 * which every number follows the facts.
 */
export { DayDrain, type DrainReport } from './day-drain.js';
export type { DueDay } from './due-days.js';
export { downloadHorizon } from './download-horizon.sql.js';
export { dueWork, type MarkKind } from './due-work.sql.js';
export { enforceRetentionJob } from './enforce-retention.job.js';
export { EnforceRetention } from './enforce-retention.js';
export { ensurePartitionsJob } from './ensure-partitions.job.js';
export { EnsurePartitions } from './ensure-partitions.js';
export { everyTenant } from './every-tenant.sql.js';
export { tryLockDay } from './lock-day.sql.js';
export {
  appendDayMarks,
  appendMark,
  appendMarks,
  keepMark,
  takeMarks,
  type TakenMarks,
} from './marks.sql.js';
export { rawHorizon } from './raw-horizon.sql.js';
export { TimeSeriesModule } from './time-series.module.js';
