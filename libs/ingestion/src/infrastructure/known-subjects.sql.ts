import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { KnownEpisode, KnownPodcast } from '../domain/reconciliation/match-rows.js';

/** The episodes with one of these ids, guids or titles, archived ones included: their files are still asked for. */
export function episodesNamed(
  sql: Sql,
  tenantId: TenantId,
  names: { ids: readonly string[]; guids: readonly string[]; titles: readonly string[] },
): Promise<KnownEpisode[]> {
  return sql<KnownEpisode>(
    `SELECT id, guid, title, podcast_id AS "podcastId" FROM episodes
     WHERE tenant_id = $1 AND (id = ANY ($2::uuid[]) OR guid = ANY ($3::text[]) OR title = ANY ($4::text[]))`,
    [tenantId, names.ids, names.guids, names.titles],
  );
}

/** The podcasts with one of these ids, or named by one of these texts: as an id, a `podcast:guid` or a title. */
export function podcastsNamed(
  sql: Sql,
  tenantId: TenantId,
  ids: readonly string[],
  names: readonly string[],
): Promise<KnownPodcast[]> {
  return sql<KnownPodcast>(
    `SELECT id, podcast_guid AS "podcastGuid", title FROM podcasts
     WHERE tenant_id = $1 AND (id = ANY ($2::uuid[]) OR id::text = ANY ($3::text[]) OR podcast_guid = ANY ($3::text[])
       OR title = ANY ($3::text[]))`,
    [tenantId, ids, names],
  );
}
