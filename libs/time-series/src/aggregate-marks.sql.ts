import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** News of one hour for aggregates that the engine computes. */
export interface AggregateMark {
  tenantId: string;
  bucket: Date;
  markId: string;
}

/**
 * Passes the news of changed slices on to aggregates that the engine computes: a mark for each hour. Writes nothing where
 * the engine has none. `markedAt` as in `appendMark`.
 */
export async function appendAggregateMarks(
  sql: Sql,
  tenantId: TenantId,
  slices: readonly Date[],
  markedAt: string | null,
): Promise<void> {
  await sql(
    `INSERT INTO dirty_buckets (tenant_id, kind, bucket, marked_at)
     SELECT DISTINCT $1::uuid, 'aggregate', date_bin('1 hour', slice, 'epoch'), coalesce($3::timestamptz, clock_timestamp())
     FROM unnest($2::timestamptz[]) AS s (slice)
     WHERE to_regclass('public.episode_events_hourly') IS NOT NULL`,
    [tenantId, slices, markedAt],
  );
}

/** The oldest marks of every tenant. Runs as `podcast_maintenance`. */
export function aggregateMarks(sql: Sql, limit: number): Promise<AggregateMark[]> {
  return sql<AggregateMark>(
    `SELECT tenant_id AS "tenantId", bucket, mark_id AS "markId" FROM dirty_buckets WHERE kind = 'aggregate'
     ORDER BY marked_at LIMIT $1`,
    [limit],
  );
}

/** Deletes exactly these marks. Runs as `podcast_maintenance`. */
export async function deleteAggregateMarks(sql: Sql, marks: readonly AggregateMark[]): Promise<void> {
  await sql(
    `DELETE FROM dirty_buckets d
     USING unnest($1::uuid[], $2::timestamptz[], $3::bigint[]) AS m (tenant_id, bucket, mark_id)
     WHERE d.tenant_id = m.tenant_id AND d.kind = 'aggregate' AND d.bucket = m.bucket AND d.mark_id = m.mark_id`,
    [
      marks.map(({ tenantId }) => tenantId),
      marks.map(({ bucket }) => bucket),
      marks.map(({ markId }) => markId),
    ],
  );
}
