import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { GrainStretch } from '../domain/cover-with-grains.js';
import type { Evidence } from '../domain/event-metrics.js';
import { COARSE_NETWORK_ROWS, REST_OF_EACH_EPISODE, rollupParams, type RollupScope } from './rollup-rows.js';

/** One episode in the ranking of one evidence level. */
export interface RankedEpisode {
  evidence: Evidence;
  /** Episodes with the same value have the same rank. */
  rank: number;
  episodeId: string;
  podcastId: string;
  title: string;
  publishedAt: Date | null;
  value: number;
  /** Sum of all episodes in the scope at this level, those beyond the limit included. */
  total: number;
}

/**
 * The episodes with the most events at each evidence level, at most `limit` for each. Equal values are ordered by date of
 * publication, newest first, then by id, so that the order does not change from one answer to the next.
 */
export async function episodeRanking(
  sql: Sql,
  tenantId: TenantId,
  stretches: readonly GrainStretch[],
  scope: RollupScope,
  limit: number,
): Promise<RankedEpisode[]> {
  const rows = await sql<Omit<RankedEpisode, 'value' | 'total'> & { value: string; total: string }>(
    `WITH counted AS MATERIALIZED (
       SELECT episode_id, evidence, sum(value) AS value
       FROM (
         SELECT rows.episode_id, rows.evidence, rows.value ${COARSE_NETWORK_ROWS}
         UNION ALL
         SELECT e.id, of_episode.evidence, of_episode.value
         FROM episodes e CROSS JOIN LATERAL (SELECT rows.evidence, rows.value ${REST_OF_EACH_EPISODE}) of_episode
         WHERE e.tenant_id = $1 AND ($5::uuid IS NULL OR e.podcast_id = $5)
       ) pieces
       GROUP BY 1, 2 HAVING sum(value) > 0
     ), ranked AS (
       SELECT s.evidence, e.id, e.podcast_id, e.title, e.published_at, s.value,
              rank() OVER (PARTITION BY s.evidence ORDER BY s.value DESC)::integer AS rank,
              row_number() OVER (PARTITION BY s.evidence
                                 ORDER BY s.value DESC, e.published_at DESC NULLS LAST, e.id) AS place,
              sum(s.value) OVER (PARTITION BY s.evidence) AS total
       FROM counted s
       CROSS JOIN LATERAL (SELECT * FROM episodes WHERE tenant_id = $1 AND id = s.episode_id OFFSET 0) e
     )
     SELECT evidence, rank, id AS "episodeId", podcast_id AS "podcastId", title,
            published_at AS "publishedAt", value, total
     FROM ranked WHERE place <= $9 ORDER BY evidence, place`,
    [...rollupParams(tenantId, stretches, scope), limit],
  );
  return rows.map((row) => ({ ...row, value: Number(row.value), total: Number(row.total) }));
}
