import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import { START_OF_EPISODE } from './stale-starts.sql.js';

/** An episode that does not belong to the back catalogue during all of a range. */
export interface YoungEpisode {
  id: string;
  podcastId: string;
  /** Null where the date of publication is not known. */
  startedAt: Date | null;
}

/** Episodes, of one podcast or of all, that began after `since` or have no date of publication. */
export function youngEpisodes(
  sql: Sql,
  tenantId: TenantId,
  podcastId: string | null,
  since: Date,
): Promise<YoungEpisode[]> {
  return sql(
    `SELECT e.id, e.podcast_id AS "podcastId", ${START_OF_EPISODE} AS "startedAt" FROM episodes e
     WHERE e.tenant_id = $1 AND ($2::uuid IS NULL OR e.podcast_id = $2)
       AND (e.published_at IS NULL OR e.published_at > $3)`,
    [tenantId, podcastId, since],
  );
}

/** How many podcasts the tenant has, archived ones included. */
export async function countPodcasts(sql: Sql, tenantId: TenantId): Promise<number> {
  const rows = await sql<{ count: number }>(
    `SELECT count(*)::integer AS count FROM podcasts WHERE tenant_id = $1`,
    [tenantId],
  );
  return rows[0]?.count ?? 0;
}
