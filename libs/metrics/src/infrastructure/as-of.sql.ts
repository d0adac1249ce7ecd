import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/**
 * Up to when the rollups of `[from, to)` are complete in this transaction's snapshot: every event acknowledged before
 * that instant is in them. Null on a replica that has not replayed a transaction yet.
 *
 * Marks are older than the acknowledgement of their events, so the oldest one that waits is a safe bound; without one it
 * is the transaction's start, which is older than its snapshot. On a replica it is what the replica had replayed before
 * the snapshot was taken.
 *
 * @param replayedAt of the transaction, on a replica
 */
export async function asOf(
  sql: Sql,
  tenantId: TenantId,
  from: Date,
  to: Date,
  replayedAt: Date | null = null,
): Promise<Date | null> {
  const rows = await sql<{ asOf: Date | null }>(
    `WITH snapshot AS (
       SELECT CASE WHEN pg_is_in_recovery() THEN $4::timestamptz ELSE now() END AS taken_at
     ), waiting AS (
       SELECT min(marked_at) AS since FROM dirty_buckets
       WHERE tenant_id = $1 AND kind IN ('count', 'slice') AND bucket >= $2 AND bucket < $3
     )
     SELECT CASE WHEN taken_at IS NOT NULL THEN date_trunc('milliseconds', least(taken_at, now(), since)) END AS "asOf"
     FROM snapshot, waiting`,
    [tenantId, from, to, replayedAt],
  );
  return rows[0]?.asOf ?? null;
}
