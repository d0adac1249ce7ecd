import type { Sql } from '@lib/database';
import { SLICE_MS, type TenantId } from '@lib/primitives';
import { COUNT_RAW, NO_RULE_SET, NOT_FROZEN } from './count-raw.js';

/**
 * Recounts 5-minute slices from raw events and makes their rows say exactly that. Rows that are right are not written.
 * Frozen slices are left as they are: whether a slice is frozen is decided by the snapshot that counts, so a horizon
 * that moves meanwhile cannot empty a slice.
 *
 * @param slices starts of slices, ascending, close together: the raw events between the first and the last are one range
 * @returns how many rows were written or removed
 */
export async function rebuildSlices(sql: Sql, tenantId: TenantId, slices: readonly Date[]): Promise<number> {
  const [first, last] = [slices[0], slices[slices.length - 1]];
  if (first === undefined || last === undefined) return 0;
  const rows = await sql<{ written: string }>(
    `WITH touched AS MATERIALIZED (
       SELECT bucket, bucket + interval '5 minutes' AS bucket_end
       FROM unnest($2::timestamptz[]) AS t (bucket)
       WHERE ${NOT_FROZEN}
     ), fresh AS MATERIALIZED (${COUNT_RAW}
     ), removed AS (
       DELETE FROM listener_metrics m USING touched t
       WHERE m.tenant_id = $1 AND m.grain = 'slice' AND m.bucket = t.bucket
         AND m.dimension = 'none' AND m.rule_set_id = ${NO_RULE_SET}
         AND NOT EXISTS (SELECT FROM fresh f WHERE f.bucket = m.bucket AND f.episode_id = m.episode_id
                                               AND f.metric = m.metric AND f.evidence = m.evidence)
       RETURNING 1
     ), written AS (
       INSERT INTO listener_metrics AS m (tenant_id, grain, bucket, podcast_id, episode_id, metric, evidence, value)
       SELECT $1, 'slice', bucket, podcast_id, episode_id, metric, evidence, value FROM fresh
       ON CONFLICT (tenant_id, grain, bucket, episode_id, metric, dimension, dimension_value, evidence, rule_set_id)
       DO UPDATE SET value = EXCLUDED.value, podcast_id = EXCLUDED.podcast_id
         WHERE m.value <> EXCLUDED.value OR m.podcast_id <> EXCLUDED.podcast_id
       RETURNING 1
     )
     SELECT (SELECT count(*) FROM removed) + (SELECT count(*) FROM written) AS written`,
    [tenantId, slices, first, new Date(last.getTime() + SLICE_MS)],
  );
  return Number(rows[0]?.written);
}
