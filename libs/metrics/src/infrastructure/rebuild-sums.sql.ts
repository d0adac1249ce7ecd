import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

const WIDTH = { hour: '1 hour', day: '1 day' } as const;
const FINER = { hour: 'slice', day: 'hour' } as const;

/**
 * Makes the rows of hours or UTC days the sums of the next finer rows, whatever they count. Rows that are right are not
 * written.
 *
 * @param buckets starts of the hours or days
 * @returns how many rows were written or removed
 */
export async function rebuildSums(
  sql: Sql,
  tenantId: TenantId,
  grain: 'hour' | 'day',
  buckets: readonly Date[],
): Promise<number> {
  const rows = await sql<{ written: string }>(
    `WITH touched AS MATERIALIZED (
       SELECT bucket, bucket + $3::interval AS bucket_end FROM unnest($2::timestamptz[]) AS t (bucket)
     ), fresh AS MATERIALIZED (
       SELECT t.bucket, e.podcast_id, f.*
       FROM touched t
       CROSS JOIN LATERAL (
         SELECT episode_id, metric, dimension, dimension_value, evidence, rule_set_id, sum(value)::bigint AS value
         FROM listener_metrics
         WHERE tenant_id = $1 AND grain = $5 AND bucket >= t.bucket AND bucket < t.bucket_end
         GROUP BY 1, 2, 3, 4, 5, 6
       ) f
       JOIN episodes e ON e.tenant_id = $1 AND e.id = f.episode_id
     ), removed AS (
       DELETE FROM listener_metrics m USING touched t
       WHERE m.tenant_id = $1 AND m.grain = $4 AND m.bucket = t.bucket
         AND NOT EXISTS (SELECT FROM fresh f WHERE f.bucket = m.bucket AND f.episode_id = m.episode_id
                           AND f.metric = m.metric AND f.dimension = m.dimension
                           AND f.dimension_value = m.dimension_value AND f.evidence = m.evidence
                           AND f.rule_set_id = m.rule_set_id)
       RETURNING 1
     ), written AS (
       INSERT INTO listener_metrics AS m (tenant_id, grain, bucket, podcast_id, episode_id, metric, dimension,
                                          dimension_value, evidence, rule_set_id, value)
       SELECT $1, $4, bucket, podcast_id, episode_id, metric, dimension, dimension_value, evidence, rule_set_id, value
       FROM fresh
       ON CONFLICT (tenant_id, grain, bucket, episode_id, metric, dimension, dimension_value, evidence, rule_set_id)
       DO UPDATE SET value = EXCLUDED.value, podcast_id = EXCLUDED.podcast_id
         WHERE m.value <> EXCLUDED.value OR m.podcast_id <> EXCLUDED.podcast_id
       RETURNING 1
     )
     SELECT (SELECT count(*) FROM removed) + (SELECT count(*) FROM written) AS written`,
    [tenantId, buckets, WIDTH[grain], grain, FINER[grain]],
  );
  return Number(rows[0]?.written);
}
