import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** Stages that rebuild a UTC day, or work through a list that hangs on one; each has locks of its own. */
export type DayStage =
  | 'count'
  | 'rollup'
  | 'listening'
  | 'metrics_daily'
  | 'dimension'
  | 'agents'
  | 'detect'
  | 'release'
  | 'anomaly'
  | 'export'
  | 'audience';

/**
 * Takes the lock of one tenant's UTC day until the transaction ends; false when someone else holds it.
 *
 * Must be a statement of its own in a READ COMMITTED transaction: the next statement's snapshot is then younger than
 * the lock and sees everything its last holder committed. Without the lock, or with a snapshot older than it, two
 * refreshers can overwrite a newer count with an older one.
 *
 * @param day `YYYY-MM-DD` in UTC
 */
export async function tryLockDay(
  sql: Sql,
  tenantId: TenantId,
  stage: DayStage,
  day: string,
): Promise<boolean> {
  const rows = await sql<{ obtained: boolean }>(
    `SELECT pg_try_advisory_xact_lock(hashtextextended($1::text || $2::text || $3::text, 0)) AS obtained`,
    [tenantId, stage, day],
  );
  return rows[0]?.obtained === true;
}
