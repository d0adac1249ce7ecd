import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { Grain } from '../../domain/cover-with-grains.js';

/** The first bucket of a grain that is not before `from`; null when there is none. */
export async function firstRollup(
  sql: Sql,
  tenantId: TenantId,
  grain: Grain,
  from: Date,
): Promise<Date | null> {
  const [row] = await sql<{ first: Date | null }>(
    `SELECT min(bucket) AS first FROM listener_totals
     WHERE tenant_id = $1 AND grain = $2 AND dimension = 'none' AND bucket >= $3`,
    [tenantId, grain, from],
  );
  return row?.first ?? null;
}

/**
 * Removes the rows of a grain whose buckets begin in `[from, to)`, a part of one UTC day, by episode and added up, by app,
 * device and country, and of listening; with a day, that of `metrics_daily` too. Nothing is taken from coarser rows: they
 * stand for themselves.
 *
 * @returns how many rows went
 */
export async function removeRollups(
  sql: Sql,
  tenantId: TenantId,
  grain: Grain,
  from: Date,
  to: Date,
): Promise<number> {
  const [row] = await sql<{ removed: number }>(
    `WITH by_episode AS (
       DELETE FROM listener_metrics
       WHERE tenant_id = $1 AND grain = $2 AND dimension = 'none' AND bucket >= $3 AND bucket < $4 RETURNING 1
     ), totals AS (
       DELETE FROM listener_totals
       WHERE tenant_id = $1 AND grain = $2 AND dimension = 'none' AND bucket >= $3 AND bucket < $4 RETURNING 1
     ), dimensions AS (
       DELETE FROM dimension_counts WHERE tenant_id = $1 AND grain = $2 AND bucket >= $3 AND bucket < $4 RETURNING 1
     ), positions AS (
       DELETE FROM listening_positions WHERE tenant_id = $1 AND grain = $2 AND bucket >= $3 AND bucket < $4 RETURNING 1
     ), daily AS (
       DELETE FROM metrics_daily
       WHERE $2 = 'day' AND tenant_id = $1 AND day = ($3::timestamptz AT TIME ZONE 'UTC')::date
       RETURNING 1
     )
     SELECT ((SELECT count(*) FROM by_episode) + (SELECT count(*) FROM totals) + (SELECT count(*) FROM dimensions)
             + (SELECT count(*) FROM positions) + (SELECT count(*) FROM daily))::integer
            AS removed`,
    [tenantId, grain, from, to],
  );
  return row?.removed ?? 0;
}
