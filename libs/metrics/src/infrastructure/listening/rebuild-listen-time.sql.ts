import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import { NO_RULE_SET } from '../count-raw.js';
import { LISTENER_METRICS, writeDifference } from '../write-difference.js';

/**
 * Makes the metric `listen_time` of slices say what `listening_positions` says of them: milliseconds of content
 * heard. Reads no raw events. Rows that are right are not written.
 *
 * @param slices starts of slices
 * @returns how many rows were written or removed
 */
export async function rebuildListenTime(
  sql: Sql,
  tenantId: TenantId,
  slices: readonly Date[],
): Promise<number> {
  if (slices.length === 0) return 0;
  const rows = await sql<{ written: number }>(
    `WITH touched AS MATERIALIZED (SELECT bucket FROM unnest($3::timestamptz[]) AS t (bucket)
     ), fresh AS MATERIALIZED (
       SELECT t.bucket, p.episode_id, e.podcast_id, 'listen_time' AS metric, 'none' AS dimension, '' AS dimension_value,
              'client_confirmed' AS evidence, ${NO_RULE_SET}::uuid AS rule_set_id, p.value
       FROM touched t
       CROSS JOIN LATERAL (
         SELECT episode_id, (SELECT sum(amount) FROM unnest(amounts) AS amount)::bigint AS value
         FROM listening_positions WHERE tenant_id = $1 AND grain = $2 AND bucket = t.bucket AND kind = 'heard'
         OFFSET 0
       ) p
       CROSS JOIN LATERAL (SELECT podcast_id FROM episodes WHERE tenant_id = $1 AND id = p.episode_id OFFSET 0) e
       WHERE p.value > 0
     ), stored AS MATERIALIZED (
       SELECT m.* FROM touched t
       CROSS JOIN LATERAL (
         SELECT * FROM listener_metrics
         WHERE tenant_id = $1 AND grain = $2 AND bucket = t.bucket AND metric = 'listen_time' AND dimension = 'none'
         OFFSET 0
       ) m
     ), ${writeDifference(LISTENER_METRICS)}`,
    [tenantId, 'slice', slices],
  );
  return rows[0]?.written ?? 0;
}
