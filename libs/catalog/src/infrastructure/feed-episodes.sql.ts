import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { EpisodeIdentity } from '../domain/match-episodes.js';
import { noteWrittenFiles } from './note-written-files.sql.js';

/** An episode as its feed gives it. `position` is its place in the feed, or of a new one among those to store. */
export interface FeedEpisode {
  id: string;
  position: number;
  guid: string;
  mediaKey: string;
  title: string;
  description: string | null;
  link: string | null;
  publishedAt: Date | null;
  episodeType: 'full' | 'trailer' | 'bonus';
  season: number | null;
  episodeNumber: number | null;
  enclosureUrl: string;
  enclosureType: string | null;
  mediaBytes: number | null;
  durationSeconds: number | null;
}

/** An episode as it is stored: what tells it from others, and what an import may change. */
export interface StoredEpisode extends EpisodeIdentity {
  enclosureUrl: string | null;
  archived: boolean;
}

/** Many episodes as one parameter: unlike a list of values it has no limit of 65,535 parameters. */
const FEED = `jsonb_to_recordset($3::jsonb) AS f (
  id uuid, "position" integer, guid text, "mediaKey" text, title text, description text, link text,
  "publishedAt" timestamptz, "episodeType" text, season integer, "episodeNumber" integer, "enclosureUrl" text,
  "enclosureType" text, "mediaBytes" bigint, "durationSeconds" integer)`;

// The feed's word on size and length counts unless something better is known. What was read from the file itself
// is better only while it is the same file; a feed that falls silent about the same file does not unsay what it said.
const SAME_FILE = `e.media_key = f."mediaKey"`;
const KEEP_BYTES = `(e.media_bytes_source IN ('api', 'import')
  OR (${SAME_FILE} AND (e.media_bytes_source = 'file' OR f."mediaBytes" IS NULL)))`;
const KEEP_DURATION = `(e.duration_source IN ('api', 'import')
  OR (${SAME_FILE} AND (e.duration_source = 'file' OR f."durationSeconds" IS NULL)))`;
const KEEP_HEADER = `(e.header_bytes_source IS DISTINCT FROM 'file' OR ${SAME_FILE})`;

/** What each column of a stored episode `e` becomes when its item `f` is imported. */
const FROM_FEED = Object.entries({
  guid: 'f.guid',
  media_key: 'f."mediaKey"',
  title: 'f.title',
  description: 'f.description',
  link: 'f.link',
  published_at: 'f."publishedAt"',
  episode_type: 'f."episodeType"',
  season: 'f.season',
  episode_number: 'f."episodeNumber"',
  enclosure_url: 'f."enclosureUrl"',
  enclosure_type: 'f."enclosureType"',
  media_bytes: `CASE WHEN ${KEEP_BYTES} THEN e.media_bytes ELSE f."mediaBytes" END`,
  media_bytes_source: `CASE WHEN ${KEEP_BYTES} THEN e.media_bytes_source WHEN f."mediaBytes" IS NOT NULL THEN 'feed' END`,
  header_bytes: `CASE WHEN ${KEEP_HEADER} THEN e.header_bytes END`,
  header_bytes_source: `CASE WHEN ${KEEP_HEADER} THEN e.header_bytes_source END`,
  duration_seconds: `CASE WHEN ${KEEP_DURATION} THEN e.duration_seconds ELSE f."durationSeconds" END`,
  duration_source: `CASE WHEN ${KEEP_DURATION} THEN e.duration_source WHEN f."durationSeconds" IS NOT NULL THEN 'feed' END`,
});

/** Every episode of a podcast, archived ones included. */
export function listEpisodeIdentities(
  sql: Sql,
  tenantId: TenantId,
  podcastId: string,
): Promise<StoredEpisode[]> {
  return sql(
    `SELECT id, guid, media_key AS "mediaKey", enclosure_url AS "enclosureUrl", archived_at IS NOT NULL AS archived
     FROM episodes
     WHERE tenant_id = $1 AND podcast_id = $2`,
    [tenantId, podcastId],
  );
}

/**
 * Stores new episodes and returns how many. One that was stored under the same guid and media key in the meantime is
 * left to the next import. Lists go by `created_at`: within one transaction a smaller `position` counts as created later,
 * by a microsecond each.
 */
export async function insertFeedEpisodes(
  sql: Sql,
  tenantId: TenantId,
  podcastId: string,
  episodes: readonly FeedEpisode[],
): Promise<number> {
  const [row] = await sql<{ inserted: number }>(
    `WITH inserted AS (
       INSERT INTO episodes (tenant_id, podcast_id, id, guid, media_key, title, description, link, published_at,
                             episode_type, season, episode_number, enclosure_url, enclosure_type, media_bytes,
                             media_bytes_source, duration_seconds, duration_source, created_at)
       SELECT $1, $2, f.id, f.guid, f."mediaKey", f.title, f.description, f.link, f."publishedAt", f."episodeType",
              f.season, f."episodeNumber", f."enclosureUrl", f."enclosureType",
              f."mediaBytes", CASE WHEN f."mediaBytes" IS NOT NULL THEN 'feed' END,
              f."durationSeconds", CASE WHEN f."durationSeconds" IS NOT NULL THEN 'feed' END,
              now() - interval '1 microsecond' * (f."position" + 1)
       FROM ${FEED}
       ON CONFLICT (tenant_id, podcast_id, guid, media_key) DO NOTHING
       RETURNING 1
     ) SELECT count(*)::integer AS inserted FROM inserted`,
    [tenantId, podcastId, JSON.stringify(episodes)],
  );
  const ids = episodes.map(({ id }) => id);
  await noteWrittenFiles(sql, tenantId, ids);
  return row?.inserted ?? 0;
}

/** Brings stored episodes of a podcast up to their items. Returns how many changed; the others are not touched. */
export async function updateFeedEpisodes(
  sql: Sql,
  tenantId: TenantId,
  podcastId: string,
  episodes: readonly FeedEpisode[],
): Promise<number> {
  const assignments = FROM_FEED.map(([column, value]) => `${column} = ${value}`);
  const before = FROM_FEED.map(([column]) => `e.${column}`);
  const after = FROM_FEED.map(([, value]) => value);
  const [row] = await sql<{ updated: number }>(
    `WITH updated AS (
       UPDATE episodes e SET ${assignments.join(', ')}, updated_at = now()
       FROM ${FEED}
       WHERE e.tenant_id = $1 AND e.podcast_id = $2 AND e.id = f.id
         AND (${before.join(', ')}) IS DISTINCT FROM (${after.join(', ')})
       RETURNING 1
     ) SELECT count(*)::integer AS updated FROM updated`,
    [tenantId, podcastId, JSON.stringify(episodes)],
  );
  const ids = episodes.map(({ id }) => id);
  await noteWrittenFiles(sql, tenantId, ids);
  return row?.updated ?? 0;
}
