import type { Sql } from '@lib/database';
import type { ListPosition } from '@lib/http';
import type { TenantId } from '@lib/primitives';
import { FOLLOWED_DAYS } from '../../domain/releases/release-age.js';
import { START_OF_EPISODE } from './stale-starts.sql.js';

/** An episode that has been published. */
export interface ReleaseRow {
  id: string;
  podcastId: string;
  title: string;
  publishedAt: Date;
  /** From when on its age is counted. */
  startedAt: Date;
}

/** SQL for where the curve of an episode `e` begins: a curve is some seconds behind a new date of publication. */
const STARTED = `coalesce(s.started_at, ${START_OF_EPISODE})`;
/** SQL for whether retention has left the totals of an episode `e`, as `releaseKept` says. */
export const TOTALS_KEPT = `coalesce(${STARTED} + interval '${FOLLOWED_DAYS * 24} hours'
  > (SELECT months_from FROM retention_horizons WHERE tenant_id = $1), true)`;
const WITH_START = `LEFT JOIN release_starts s ON s.tenant_id = $1 AND s.episode_id = e.id`;

/**
 * Up to `limit` episodes that have been published, of one podcast or of all, the last published first, after `after`. Those
 * of which retention has removed the totals are left out.
 */
export function listReleases(
  sql: Sql,
  tenantId: TenantId,
  podcastId: string | null,
  limit: number,
  after: ListPosition,
): Promise<(ReleaseRow & ListPosition)[]> {
  return sql(
    `SELECT e.id, e.podcast_id AS "podcastId", e.title, e.published_at AS "publishedAt", ${STARTED} AS "startedAt",
            e.published_at::text AS "sortKey"
     FROM episodes e ${WITH_START}
     WHERE e.tenant_id = $1 AND ($2::uuid IS NULL OR e.podcast_id = $2) AND e.published_at <= now()
       AND ${TOTALS_KEPT} AND (e.published_at, e.id) < ($3::timestamptz, $4::uuid)
     ORDER BY e.published_at DESC, e.id DESC LIMIT $5`,
    [tenantId, podcastId, after.sortKey, after.id, limit],
  );
}

/** Some episodes, published or not. Those that the tenant does not have are missing. */
export function findReleases(
  sql: Sql,
  tenantId: TenantId,
  ids: readonly string[],
): Promise<
  (Omit<ReleaseRow, 'publishedAt' | 'startedAt'> & Record<'publishedAt' | 'startedAt', Date | null>)[]
> {
  return sql(
    `SELECT e.id, e.podcast_id AS "podcastId", e.title, e.published_at AS "publishedAt", ${STARTED} AS "startedAt"
     FROM episodes e ${WITH_START}
     WHERE e.tenant_id = $1 AND e.id = ANY ($2::uuid[])`,
    [tenantId, ids],
  );
}
