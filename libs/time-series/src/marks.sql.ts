import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { MarkKind } from './due-work.sql.js';

/** Marks that were deleted: their buckets, ascending, and when the oldest was made. */
export interface TakenMarks {
  buckets: Date[];
  /** Text of a timestamptz: a JavaScript Date would lose its microseconds. Null when there was no mark. */
  oldest: string | null;
}

/** Deletes the marks of a kind in `[from, to)` that this statement sees. */
export async function takeMarks(
  sql: Sql,
  tenantId: TenantId,
  kind: MarkKind,
  from: Date,
  to: Date,
): Promise<TakenMarks> {
  const rows = await sql<{ bucket: Date; oldest: string }>(
    `WITH taken AS (
       DELETE FROM dirty_buckets WHERE tenant_id = $1 AND kind = $2 AND bucket >= $3 AND bucket < $4
       RETURNING bucket, marked_at
     )
     SELECT bucket, (min(min(marked_at)) OVER ())::text AS oldest FROM taken GROUP BY bucket ORDER BY bucket`,
    [tenantId, kind, from, to],
  );
  return { buckets: rows.map((row) => row.bucket), oldest: rows[0]?.oldest ?? null };
}

/**
 * Appends a mark that passes news on to the next stage. `markedAt` is when that news was first marked, so that work in a
 * second stage is as old as the event it began with; null is now.
 */
export async function appendMark(
  sql: Sql,
  tenantId: TenantId,
  kind: MarkKind,
  bucket: Date,
  markedAt: string | null,
): Promise<void> {
  await sql(
    `INSERT INTO dirty_buckets (tenant_id, kind, bucket, marked_at)
     VALUES ($1, $2, $3, coalesce($4::timestamptz, clock_timestamp()))`,
    [tenantId, kind, bucket, markedAt],
  );
}

/**
 * Leaves a mark where none stands, for buckets that are marked far more often than they are worked off.
 *
 * Not finding out whether a mark stands would lose news: whoever works off the bucket may delete that mark and read before
 * this transaction commits. So the mark that is relied on is locked, and its taker waits and reads afterwards; a mark that
 * is being taken already is passed over, and another one appended. Both transactions must be READ COMMITTED.
 */
export async function keepMark(sql: Sql, tenantId: TenantId, kind: MarkKind, bucket: Date): Promise<void> {
  await sql(
    `WITH standing AS (
       SELECT FROM dirty_buckets WHERE tenant_id = $1 AND kind = $2 AND bucket = $3 LIMIT 1 FOR KEY SHARE SKIP LOCKED
     )
     INSERT INTO dirty_buckets (tenant_id, kind, bucket) SELECT $1, $2, $3 WHERE NOT EXISTS (SELECT FROM standing)`,
    [tenantId, kind, bucket],
  );
}

/** Appends a mark of each kind for every 5-minute slice of some UTC days: whatever they hold is looked at again. */
export async function appendDayMarks(
  sql: Sql,
  tenantId: TenantId,
  kinds: readonly MarkKind[],
  days: readonly Date[],
): Promise<void> {
  await sql(
    `INSERT INTO dirty_buckets (tenant_id, kind, bucket)
     SELECT $1, kind, slice FROM unnest($2::text[]) AS k (kind), unnest($3::timestamptz[]) AS d (day),
       generate_series(day, day + interval '24 hours' - interval '5 minutes', interval '5 minutes') AS slice`,
    [tenantId, kinds, days],
  );
}

/** Appends a mark for each of some buckets; see {@link appendMark}. */
export async function appendMarks(
  sql: Sql,
  tenantId: TenantId,
  kind: MarkKind,
  buckets: readonly Date[],
  markedAt: string | null,
): Promise<void> {
  if (buckets.length === 0) return;
  await sql(
    `INSERT INTO dirty_buckets (tenant_id, kind, bucket, marked_at)
     SELECT $1, $2, bucket, coalesce($4::timestamptz, clock_timestamp()) FROM unnest($3::timestamptz[]) AS b (bucket)`,
    [tenantId, kind, buckets, markedAt],
  );
}
