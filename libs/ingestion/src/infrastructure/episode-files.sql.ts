import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { EpisodeFile } from '../domain/access-log/locate-episodes.js';

/** The files of a podcast's episodes. Archived ones are still asked for, but come last where two episodes share a file. */
export function episodeFiles(sql: Sql, tenantId: TenantId, podcastId: string): Promise<EpisodeFile[]> {
  return sql(
    `SELECT id AS "episodeId", media_key AS "mediaKey", segment_ms AS "segmentMs" FROM episodes
     WHERE tenant_id = $1 AND podcast_id = $2 AND media_key <> ''
     ORDER BY archived_at IS NOT NULL, created_at, id`,
    [tenantId, podcastId],
  );
}
