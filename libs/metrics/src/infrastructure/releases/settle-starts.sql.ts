import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import { START_OF_EPISODE } from './stale-starts.sql.js';

/** Notes from when on the ages of some episodes are counted. One without a date of publication has no age. */
export async function settleStarts(
  sql: Sql,
  tenantId: TenantId,
  episodeIds: readonly string[],
): Promise<void> {
  await sql(
    `WITH removed AS (
       DELETE FROM release_starts s USING episodes e
       WHERE s.tenant_id = $1 AND s.episode_id = ANY ($2::uuid[])
         AND e.tenant_id = $1 AND e.id = s.episode_id AND e.published_at IS NULL
     )
     INSERT INTO release_starts (tenant_id, episode_id, podcast_id, started_at)
     SELECT $1, e.id, e.podcast_id, ${START_OF_EPISODE} FROM episodes e
     WHERE e.tenant_id = $1 AND e.id = ANY ($2::uuid[]) AND e.published_at IS NOT NULL
     ON CONFLICT (tenant_id, episode_id) DO UPDATE
       SET podcast_id = EXCLUDED.podcast_id, started_at = EXCLUDED.started_at`,
    [tenantId, episodeIds],
  );
}
