import type { Sql } from '@lib/database';
import type { ListPosition } from '@lib/http';
import type { TenantId } from '@lib/primitives';
import { columnValues } from './column-values.js';
import { noteWrittenFiles } from './note-written-files.sql.js';

/** Who said it: the feed, the file's own tag, a CSV import or the API. */
export type ValueSource = 'feed' | 'file' | 'import' | 'api';

/** What people may set of an episode, and what follows from it. */
export interface EpisodeFields {
  title?: string | undefined;
  description?: string | null | undefined;
  link?: string | null | undefined;
  publishedAt?: Date | null | undefined;
  episodeType?: 'full' | 'trailer' | 'bonus' | undefined;
  season?: number | null | undefined;
  episodeNumber?: number | null | undefined;
  enclosureUrl?: string | null | undefined;
  enclosureType?: string | null | undefined;
  mediaKey?: string | undefined;
  mediaBytes?: number | null | undefined;
  mediaBytesSource?: ValueSource | null | undefined;
  headerBytes?: number | null | undefined;
  headerBytesSource?: ValueSource | null | undefined;
  durationSeconds?: number | null | undefined;
  durationSource?: ValueSource | null | undefined;
  metadata?: Record<string, unknown> | undefined;
  /** Since when it is left out of lists. */
  archivedAt?: Date | null | undefined;
}

/** An episode in a list. */
export interface EpisodeSummaryRow {
  id: string;
  podcastId: string;
  guid: string;
  title: string;
  publishedAt: Date | null;
  episodeType: 'full' | 'trailer' | 'bonus';
  season: number | null;
  episodeNumber: number | null;
  enclosureUrl: string | null;
  mediaBytes: number | null;
  durationSeconds: number | null;
  archivedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

/** An episode with everything that may be large or is rarely asked for. */
export interface EpisodeRow extends EpisodeSummaryRow {
  description: string | null;
  link: string | null;
  enclosureType: string | null;
  mediaKey: string;
  mediaBytesSource: ValueSource | null;
  headerBytes: number | null;
  headerBytesSource: ValueSource | null;
  durationSource: ValueSource | null;
  metadata: Record<string, unknown>;
}

const FIELDS: Record<keyof EpisodeFields, string> = {
  title: 'title',
  description: 'description',
  link: 'link',
  publishedAt: 'published_at',
  episodeType: 'episode_type',
  season: 'season',
  episodeNumber: 'episode_number',
  enclosureUrl: 'enclosure_url',
  enclosureType: 'enclosure_type',
  mediaKey: 'media_key',
  mediaBytes: 'media_bytes',
  mediaBytesSource: 'media_bytes_source',
  headerBytes: 'header_bytes',
  headerBytesSource: 'header_bytes_source',
  durationSeconds: 'duration_seconds',
  durationSource: 'duration_source',
  metadata: 'metadata',
  archivedAt: 'archived_at',
};

// float8 holds every whole number below 2^53, and pg reads it as a number; bigint would arrive as text.
const SUMMARY = `e.id, e.podcast_id AS "podcastId", e.guid, e.title, e.published_at AS "publishedAt",
  e.episode_type AS "episodeType", e.season, e.episode_number AS "episodeNumber", e.enclosure_url AS "enclosureUrl",
  e.media_bytes::float8 AS "mediaBytes", e.duration_seconds AS "durationSeconds", e.archived_at AS "archivedAt",
  e.created_at AS "createdAt", e.updated_at AS "updatedAt"`;
const COLUMNS = `${SUMMARY}, e.description, e.link, e.enclosure_type AS "enclosureType", e.media_key AS "mediaKey",
  e.media_bytes_source AS "mediaBytesSource", e.header_bytes::float8 AS "headerBytes",
  e.header_bytes_source AS "headerBytesSource", e.duration_source AS "durationSource", e.metadata`;

/** Stores an episode. Undefined when the podcast already has one with this guid and media key. */
export async function insertEpisode(
  sql: Sql,
  tenantId: TenantId,
  key: { id: string; podcastId: string; guid: string },
  episode: EpisodeFields,
): Promise<EpisodeRow | undefined> {
  const { columns, values } = columnValues(FIELDS, episode);
  const rows = await sql<EpisodeRow>(
    `INSERT INTO episodes AS e (tenant_id, id, podcast_id, guid, ${columns.join(', ')})
     VALUES ($1, $2, $3, $4, ${columns.map((_, index) => `$${index + 5}`).join(', ')})
     ON CONFLICT (tenant_id, podcast_id, guid, media_key) DO NOTHING RETURNING ${COLUMNS}`,
    [tenantId, key.id, key.podcastId, key.guid, ...values],
  );
  await noteWrittenFiles(sql, tenantId, [key.id]);
  return rows[0];
}

/** One episode, archived or not. */
export async function findEpisode(sql: Sql, tenantId: TenantId, id: string): Promise<EpisodeRow | undefined> {
  const rows = await sql<EpisodeRow>(
    `SELECT ${COLUMNS} FROM episodes e WHERE e.tenant_id = $1 AND e.id = $2`,
    [tenantId, id],
  );
  return rows[0];
}

/**
 * Up to `limit` episodes of the tenant that are not archived, nor their podcasts, newest in the catalog first, after
 * `after`.
 */
export function listEpisodes(
  sql: Sql,
  tenantId: TenantId,
  limit: number,
  after: ListPosition,
): Promise<(EpisodeSummaryRow & ListPosition)[]> {
  return sql(
    `SELECT ${SUMMARY}, e.created_at::text AS "sortKey" FROM episodes e
     WHERE e.tenant_id = $1 AND e.archived_at IS NULL AND (e.created_at, e.id) < ($2::timestamptz, $3::uuid)
       AND e.podcast_id <> ALL (ARRAY(SELECT p.id FROM podcasts p WHERE p.tenant_id = $1 AND p.archived_at IS NOT NULL))
     ORDER BY e.created_at DESC, e.id DESC LIMIT $4`,
    [tenantId, after.sortKey, after.id, limit],
  );
}

/** Up to `limit` episodes of a podcast that are not archived, newest in the catalog first, after `after`. */
export function listEpisodesOfPodcast(
  sql: Sql,
  tenantId: TenantId,
  podcastId: string,
  limit: number,
  after: ListPosition,
): Promise<(EpisodeSummaryRow & ListPosition)[]> {
  return sql(
    `SELECT ${SUMMARY}, e.created_at::text AS "sortKey" FROM episodes e
     WHERE e.tenant_id = $1 AND e.podcast_id = $2 AND e.archived_at IS NULL
       AND (e.created_at, e.id) < ($3::timestamptz, $4::uuid)
     ORDER BY e.created_at DESC, e.id DESC LIMIT $5`,
    [tenantId, podcastId, after.sortKey, after.id, limit],
  );
}

/** Up to `limit` episodes whose title contains the query or resembles it, best first; of one podcast if given. */
export async function searchEpisodes(
  sql: Sql,
  tenantId: TenantId,
  query: string,
  podcastId: string | null,
  limit: number,
): Promise<EpisodeSummaryRow[]> {
  // Two statements: a node of Citus does not search from within another search.
  const found = await sql<{ id: string }>('SELECT id FROM search_episodes($1, $2, $3)', [
    query,
    podcastId,
    limit,
  ]);
  return sql(
    `SELECT ${SUMMARY} FROM unnest($2::uuid[]) WITH ORDINALITY AS s (id, place)
     JOIN episodes e ON e.tenant_id = $1 AND e.id = s.id ORDER BY s.place`,
    [tenantId, found.map(({ id }) => id)],
  );
}

/** Changes what is given. Undefined when the tenant has no such episode. */
export async function updateEpisode(
  sql: Sql,
  tenantId: TenantId,
  id: string,
  change: EpisodeFields,
): Promise<EpisodeRow | undefined> {
  const { columns, values } = columnValues(FIELDS, change);
  const assignments = columns.map((column, index) => `${column} = $${index + 3}`);
  const rows = await sql<EpisodeRow>(
    `WITH e AS (
       UPDATE episodes SET ${[...assignments, 'updated_at = now()'].join(', ')}
       WHERE tenant_id = $1 AND id = $2 RETURNING *
     ) SELECT ${COLUMNS} FROM e`,
    [tenantId, id, ...values],
  );
  await noteWrittenFiles(sql, tenantId, [id]);
  return rows[0];
}
