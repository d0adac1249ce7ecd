import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import { MOST_PEERS } from '../../domain/releases/release-age.js';
import { TOTALS_KEPT } from './release-list.sql.js';
import { START_OF_EPISODE } from './stale-starts.sql.js';

/** A stretch of a show's episodes: all that were published from one moment to another, and enough before them. */
export interface HistoryAsked {
  podcastId: string;
  newest: Date;
  oldest: Date;
  /** Episodes published after this instant are too young to be compared with. */
  passedBefore: Date;
}

/** An episode of a show, and from when on its age is counted. */
export interface HistoryRow {
  id: string;
  podcastId: string;
  startedAt: Date;
}

/**
 * Of each show the episodes published between `oldest` and `newest`, and before them as many as one can be compared with:
 * the last 50 that were published before `oldest` and `passedBefore`. Those of which retention has removed the totals are
 * left out.
 */
export function releaseHistory(
  sql: Sql,
  tenantId: TenantId,
  shows: readonly HistoryAsked[],
): Promise<HistoryRow[]> {
  return sql(
    `SELECT e.id, e.podcast_id AS "podcastId", coalesce(s.started_at, ${START_OF_EPISODE}) AS "startedAt"
     FROM unnest($2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[])
       AS p (podcast_id, newest, oldest, passed_before)
     CROSS JOIN LATERAL (
       SELECT coalesce((
         SELECT o.published_at FROM episodes o
         WHERE o.tenant_id = $1 AND o.podcast_id = p.podcast_id AND o.published_at < least(p.oldest, p.passed_before)
         ORDER BY o.published_at DESC OFFSET ${MOST_PEERS - 1} LIMIT 1
       ), '-infinity') AS since
     ) first
     CROSS JOIN LATERAL (
       SELECT * FROM episodes
       WHERE tenant_id = $1 AND podcast_id = p.podcast_id AND published_at BETWEEN first.since AND p.newest
       OFFSET 0
     ) e
     LEFT JOIN release_starts s ON s.tenant_id = $1 AND s.episode_id = e.id
     WHERE ${TOTALS_KEPT}`,
    [
      tenantId,
      shows.map(({ podcastId }) => podcastId),
      shows.map(({ newest }) => newest),
      shows.map(({ oldest }) => oldest),
      shows.map(({ passedBefore }) => passedBefore),
    ],
  );
}
