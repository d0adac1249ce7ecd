import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { EpisodeFile } from '../domain/access-log/locate-episodes.js';

/** Every episode of the tenant, or of one podcast, that has a file. Where two have the same one, the episode that is shown comes first. */
export async function episodeFiles(
  sql: Sql,
  tenantId: TenantId,
  podcastId: string | null = null,
): Promise<EpisodeFile[]> {
  return sql<EpisodeFile>(
    `SELECT id AS "episodeId", media_key AS "mediaKey", segment_ms AS "segmentMs" FROM episodes
     WHERE tenant_id = $1 AND media_key <> '' AND ($2::uuid IS NULL OR podcast_id = $2)
     ORDER BY archived_at NULLS FIRST, created_at, id`,
    [tenantId, podcastId],
  );
}
