import type { Sql } from '@lib/database';
import { SLICE_MS, type TenantId } from '@lib/primitives';
import { COUNT_DOWNLOADS, COUNT_RAW, NO_RULE_SET, NOT_FROZEN } from './count-raw.js';
import { COUNTS } from './summed-metrics.js';
import { LISTENER_METRICS, writeDifference } from './write-difference.js';

/**
 * Recounts slices from raw events and downloads, and makes their rows say exactly that. Rows that are right are not written.
 * Frozen slices are left as they are: whether a slice is frozen is decided by the snapshot that counts, so a horizon
 * that moves meanwhile cannot empty a slice. Listen time is no count of rows and is left to `rebuildListening`.
 *
 * @param slices starts of slices of one UTC day, ascending
 * @param width of each of them, in milliseconds. Narrower ones that are stored within become one
 * @returns how many rows were written or removed
 */
export async function rebuildSlices(
  sql: Sql,
  tenantId: TenantId,
  slices: readonly Date[],
  width: number = SLICE_MS,
): Promise<number> {
  const [first, last] = [slices[0], slices[slices.length - 1]];
  if (first === undefined || last === undefined) return 0;
  const rows = await sql<{ written: number }>(
    `WITH touched AS MATERIALIZED (
       SELECT bucket, bucket + $6::float8 * interval '1 millisecond' AS bucket_end
       FROM unnest($5::timestamptz[]) AS t (bucket)
       WHERE ${NOT_FROZEN}
     ), fresh AS MATERIALIZED (
       SELECT *, 'none' AS dimension, '' AS dimension_value
       FROM (SELECT *, ${NO_RULE_SET}::uuid AS rule_set_id FROM (${COUNT_RAW}) raw
             UNION ALL ${COUNT_DOWNLOADS}) counted
     ), stored AS MATERIALIZED (
       SELECT m.* FROM touched t
       CROSS JOIN LATERAL (
         SELECT * FROM listener_metrics
         WHERE tenant_id = $1 AND grain = $2 AND bucket >= t.bucket AND bucket < t.bucket_end AND dimension = 'none'
           AND ${COUNTS}
         OFFSET 0
       ) m
     ), ${writeDifference(LISTENER_METRICS)}`,
    [tenantId, 'slice', first, new Date(last.getTime() + width), slices, width],
  );
  return rows[0]?.written ?? 0;
}
