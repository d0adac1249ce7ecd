import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import { TYPES_WITH_POSITIONS } from './count-listening.js';

/**
 * Marks slices whose counts changed, and the slice after each: what was heard there follows from the 5 minutes before, too,
 * and a stretch of listening belongs to its later event. Only those that hold events with a position, or what was heard of
 * them: for who only has downloads, this costs a look-up. The slice after the last one may be of the next day.
 *
 * Call it when the counts of `slices` are right. A next slice that is not counted yet is marked when it is.
 *
 * @param width of the slices, in milliseconds
 * @param markedAt when that news was first marked; null is now
 */
export async function markListening(
  sql: Sql,
  tenantId: TenantId,
  slices: readonly Date[],
  width: number,
  markedAt: string | null,
): Promise<void> {
  if (slices.length === 0) return;
  await sql(
    `WITH listening AS (
       SELECT t.bucket
       FROM (SELECT bucket FROM unnest($2::timestamptz[]) AS s (bucket)
             UNION SELECT bucket + $3::float8 * interval '1 millisecond' FROM unnest($2::timestamptz[]) AS s (bucket)) t
       WHERE EXISTS (SELECT FROM (SELECT metric FROM listener_metrics WHERE tenant_id = $1 AND grain = 'slice'
                                    AND dimension = 'none' AND bucket = t.bucket OFFSET 0) m
                     WHERE m.metric = ANY ($5::text[]))
          OR EXISTS (SELECT FROM listening_positions p WHERE p.tenant_id = $1 AND p.grain = 'slice'
                       AND p.bucket = t.bucket OFFSET 0)
     )
     INSERT INTO dirty_buckets (tenant_id, kind, bucket, marked_at)
     SELECT $1, 'listening', bucket, coalesce($4::timestamptz, clock_timestamp()) FROM listening`,
    [tenantId, slices, width, markedAt, TYPES_WITH_POSITIONS],
  );
}
