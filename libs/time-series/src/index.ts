/**
 * What differs between time-series engines: native weekly partitions, or TimescaleDB's hypertables. And the work list of
 * dirty buckets, by which every number follows the facts.
 */
export { allowLongStatements } from './allow-long-statements.sql.js';
export { backfillHorizon } from './aggregate-horizon.sql.js';
export { appendAggregateMarks } from './aggregate-marks.sql.js';
export { compressRawEventsJob } from './compress-raw-events.job.js';
export { forEachTenant } from './for-each-tenant.js';
export { DayDrain, FIRST, IN_PASSING, WITHOUT_REST, type DrainReport } from './day-drain.js';
export type { DueDay } from './due-days.js';
export { downloadHorizon } from './download-horizon.sql.js';
export { dueWork, type MarkKind } from './due-work.sql.js';
export { EngineInForce } from './engine-in-force.js';
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
export { refreshEngineAggregatesJob } from './refresh-engine-aggregates.job.js';
export { moveWatermark, WATERMARK, watermarkVersion } from './watermark.sql.js';
export { TimeSeriesModule } from './time-series.module.js';
