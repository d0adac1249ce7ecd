import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import { COUNTS, type SummedMetrics } from './summed-metrics.js';
import { LISTENER_METRICS, writeDifference } from './write-difference.js';

const WIDTH = { hour: '1 hour', day: '24 hours' } as const;
const FINER = { hour: 'slice', day: 'hour' } as const;

/**
 * Makes the rows of hours or UTC days the sums of the next finer rows. Rows that are right are not
 * written.
 *
 * @param buckets starts of the hours or days
 * @param of which metrics
 * @returns how many rows were written or removed
 */
export async function rebuildSums(
  sql: Sql,
  tenantId: TenantId,
  grain: 'hour' | 'day',
  buckets: readonly Date[],
  of: SummedMetrics = COUNTS,
): Promise<number> {
  const rows = await sql<{ written: number }>(
    `WITH touched AS MATERIALIZED (
       SELECT bucket, bucket + $4::interval AS bucket_end FROM unnest($5::timestamptz[]) AS t (bucket)
     ), fresh AS MATERIALIZED (
       SELECT t.bucket, e.podcast_id, f.*
       FROM touched t
       CROSS JOIN LATERAL (
         SELECT episode_id, metric, dimension, dimension_value, evidence, rule_set_id, sum(value)::bigint AS value
         FROM listener_metrics
         WHERE tenant_id = $1 AND grain = $3 AND dimension = 'none' AND bucket >= t.bucket AND bucket < t.bucket_end
           AND ${of}
         GROUP BY 1, 2, 3, 4, 5, 6
       ) f
       CROSS JOIN LATERAL (SELECT podcast_id FROM episodes WHERE tenant_id = $1 AND id = f.episode_id OFFSET 0) e
     ), stored AS MATERIALIZED (
       SELECT m.* FROM touched t
       CROSS JOIN LATERAL (
         SELECT * FROM listener_metrics
         WHERE tenant_id = $1 AND grain = $2 AND dimension = 'none' AND bucket = t.bucket AND ${of} OFFSET 0
       ) m
     ), ${writeDifference(LISTENER_METRICS)}`,
    [tenantId, grain, FINER[grain], WIDTH[grain], buckets],
  );
  return rows[0]?.written ?? 0;
}
