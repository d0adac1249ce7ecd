import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import { addDimensions, EVERYTHING } from './add-dimensions.js';

const FINER = { day: 'hour', month: 'day' } as const;

/**
 * Adds to the rows of one UTC day or month by app, device and country what those by episode lack to be the sums of the next
 * finer rows. Returns by how much they were wrong, in either direction.
 *
 * @param at any instant of it
 */
export function repairCoarser(
  sql: Sql,
  tenantId: TenantId,
  grain: 'day' | 'month',
  at: Date,
): Promise<number> {
  return repair(sql, tenantId, grain, at, {
    fresh: `SELECT r.*, date_trunc('${grain}', r.bucket, 'UTC') AS of_bucket
            FROM span, LATERAL (${rowsOf(FINER[grain])}) r WHERE r.episode_id <> ${EVERYTHING}`,
    stored: `r.episode_id <> ${EVERYTHING}`,
  });
}

/**
 * Adds to the rows of podcasts and of the network what they lack to be the sums of their episodes, in one UTC hour, day or
 * month. Returns by how much they were wrong, in either direction.
 *
 * @param at any instant of it
 */
export function repairScopes(
  sql: Sql,
  tenantId: TenantId,
  grain: 'hour' | 'day' | 'month',
  at: Date,
): Promise<number> {
  const ofPodcast = `SELECT * FROM (${rowsOf(grain)}) r WHERE r.episode_id <> ${EVERYTHING}`;
  return repair(sql, tenantId, grain, at, {
    fresh: `SELECT s.podcast_id, ${EVERYTHING} AS episode_id, r.dimension, r.metric, r.evidence, r.rule_set_id, r.names, r.counts,
                   r.bucket AS of_bucket
            FROM span, LATERAL (${ofPodcast}) r CROSS JOIN LATERAL (VALUES (r.podcast_id), (${EVERYTHING})) AS s (podcast_id)`,
    stored: `r.episode_id = ${EVERYTHING}`,
  });
}

const rowsOf = (grain: string) => `
  SELECT * FROM dimension_counts WHERE tenant_id = $1 AND grain = '${grain}' AND bucket >= low AND bucket < high OFFSET 0`;

async function repair(
  sql: Sql,
  tenantId: TenantId,
  grain: 'hour' | 'day' | 'month',
  at: Date,
  { fresh, stored }: { fresh: string; stored: string },
): Promise<number> {
  const rest = 'podcast_id, episode_id, dimension, metric, evidence, rule_set_id';
  const rows = await sql<{ difference: string }>(
    `WITH span AS (
       SELECT date_trunc('${grain}', $2::timestamptz, 'UTC') AS low,
              (date_trunc('${grain}', $2::timestamptz, 'UTC') AT TIME ZONE 'UTC' + interval '1 ${grain}') AT TIME ZONE 'UTC' AS high
     ), both_sides AS (
       SELECT of_bucket AS bucket, ${rest}, u.name, u.count FROM (${fresh}) f, unnest(f.names, f.counts) AS u (name, count)
       UNION ALL
       SELECT r.bucket, ${rest}, u.name, -u.count FROM span, LATERAL (${rowsOf(grain)}) r, unnest(r.names, r.counts) AS u (name, count)
       WHERE ${stored}
     ), changes AS MATERIALIZED (
       SELECT '${grain}' AS grain, bucket, ${rest}, name, sum(count) AS added FROM both_sides
       GROUP BY bucket, ${rest}, name HAVING sum(count) <> 0
     ), written AS (${addDimensions('changes')}
     )
     SELECT coalesce(sum(abs(added)), 0) AS difference FROM changes`,
    [tenantId, at],
  );
  return Number(rows[0]?.difference ?? 0);
}
