import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** What retention must know of a tenant's downloads. */
export interface DownloadDays {
  /** Where raw events begin, once nobody who knew an earlier instant can still be counting; null is nowhere. */
  frozenUntil: Date | null;
  /** The oldest slice that waits to be counted or refreshed, or day whose audience does. */
  oldestMark: Date | null;
  /** 00:00 UTC of the first day that owns a download, under whatever rule set. */
  oldest: Date | null;
}

/** Each answer is the first entry of an index. A raw horizon that was moved after `settledBefore` is not relied on. */
export async function downloadDays(sql: Sql, tenantId: TenantId, settledBefore: Date): Promise<DownloadDays> {
  const [row] = await sql<DownloadDays>(
    `SELECT (SELECT raw_from FROM raw_horizons WHERE tenant_id = $1 AND moved_at <= $2) AS "frozenUntil",
            (SELECT min(bucket) FROM dirty_buckets WHERE tenant_id = $1 AND kind IN ('count', 'slice', 'audience')) AS "oldestMark",
            (SELECT min(first.day)::timestamp AT TIME ZONE 'UTC' FROM rule_sets r
             CROSS JOIN LATERAL (SELECT min(d.settled_day) AS day FROM downloads d
                                 WHERE d.tenant_id = $1 AND d.rule_set_id = r.id) first
             WHERE r.tenant_id = $1) AS oldest`,
    [tenantId, settledBefore],
  );
  return row ?? { frozenUntil: null, oldestMark: null, oldest: null };
}

/** Moves the instant from which a tenant's downloads are kept one by one forward, never back. */
export async function moveDownloadHorizon(sql: Sql, tenantId: TenantId, to: Date): Promise<void> {
  await sql(
    `INSERT INTO retention_horizons AS h (tenant_id, downloads_from) VALUES ($1, $2)
     ON CONFLICT (tenant_id) DO UPDATE
       SET downloads_from = greatest(h.downloads_from, excluded.downloads_from), moved_at = excluded.moved_at`,
    [tenantId, to],
  );
}

/**
 * Removes the downloads that a UTC day owns, under every rule set, and the windows that the days before it left open. The
 * day itself keeps its own: they may be those with which the first day that can be counted begins.
 *
 * @param day `YYYY-MM-DD`
 * @returns how many downloads went
 */
export async function removeDownloadDay(sql: Sql, tenantId: TenantId, day: string): Promise<number> {
  const [row] = await sql<{ removed: number }>(
    `WITH own_sets AS MATERIALIZED (
       SELECT id FROM rule_sets WHERE tenant_id = $1
     ), gone AS (
       DELETE FROM downloads WHERE tenant_id = $1 AND settled_day = $2 AND rule_set_id IN (SELECT id FROM own_sets)
       RETURNING 1
     ), windows AS (
       DELETE FROM count_carry WHERE tenant_id = $1 AND day < $2 AND rule_set_id IN (SELECT id FROM own_sets)
     )
     SELECT count(*)::integer AS removed FROM gone`,
    [tenantId, day],
  );
  return row?.removed ?? 0;
}
