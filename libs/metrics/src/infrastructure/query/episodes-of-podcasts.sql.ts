import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { Show } from '../audience/audience-sets.js';

/** Some episodes with their podcasts, archived ones included; those that the tenant does not have are left out. */
export function episodesOfPodcasts(
  sql: Sql,
  tenantId: TenantId,
  episodeIds: readonly string[],
): Promise<(Show & { podcastId: string; episodeId: string })[]> {
  return sql(
    `SELECT podcast_id AS "podcastId", id AS "episodeId" FROM episodes
     WHERE tenant_id = $1 AND id = ANY ($2::uuid[]) ORDER BY id`,
    [tenantId, episodeIds],
  );
}
