import type { Sql } from '@lib/database';
import type { ListPosition } from '@lib/http';
import type { TenantId } from '@lib/primitives';
import { columnValues } from './column-values.js';

/** What people may set of a podcast. */
export interface PodcastFields {
  title?: string | undefined;
  description?: string | null | undefined;
  author?: string | null | undefined;
  language?: string | null | undefined;
  link?: string | null | undefined;
  imageUrl?: string | null | undefined;
  feedUrl?: string | null | undefined;
  podcastGuid?: string | null | undefined;
  metadata?: Record<string, unknown> | undefined;
  /** Since when it is left out of lists. */
  archivedAt?: Date | null | undefined;
}

/** A podcast as its tenant sees it. */
export interface PodcastRow {
  id: string;
  title: string;
  description: string | null;
  author: string | null;
  language: string | null;
  link: string | null;
  imageUrl: string | null;
  feedUrl: string | null;
  podcastGuid: string | null;
  /** When the feed was last fetched from its address. */
  feedCheckedAt: Date | null;
  feedError: string | null;
  metadata: Record<string, unknown>;
  archivedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

const FIELDS: Record<keyof PodcastFields, string> = {
  title: 'title',
  description: 'description',
  author: 'author',
  language: 'language',
  link: 'link',
  imageUrl: 'image_url',
  feedUrl: 'feed_url',
  podcastGuid: 'podcast_guid',
  metadata: 'metadata',
  archivedAt: 'archived_at',
};

const COLUMNS = `p.id, p.title, p.description, p.author, p.language, p.link, p.image_url AS "imageUrl",
  p.feed_url AS "feedUrl", p.podcast_guid AS "podcastGuid", p.feed_checked_at AS "feedCheckedAt",
  p.feed_error AS "feedError", p.metadata, p.archived_at AS "archivedAt", p.created_at AS "createdAt",
  p.updated_at AS "updatedAt"`;

/** Stores a podcast and returns it. */
export async function insertPodcast(
  sql: Sql,
  tenantId: TenantId,
  id: string,
  podcast: PodcastFields,
): Promise<PodcastRow> {
  const { columns, values } = columnValues(FIELDS, podcast);
  const [row] = await sql<PodcastRow>(
    `INSERT INTO podcasts AS p (tenant_id, id, ${columns.join(', ')})
     VALUES ($1, $2, ${columns.map((_, index) => `$${index + 3}`).join(', ')}) RETURNING ${COLUMNS}`,
    [tenantId, id, ...values],
  );
  if (row === undefined) throw new Error('INSERT … RETURNING returned no row');
  return row;
}

/** One podcast, archived or not. */
export async function findPodcast(sql: Sql, tenantId: TenantId, id: string): Promise<PodcastRow | undefined> {
  const rows = await sql<PodcastRow>(
    `SELECT ${COLUMNS} FROM podcasts p WHERE p.tenant_id = $1 AND p.id = $2`,
    [tenantId, id],
  );
  return rows[0];
}

/** Up to `limit` podcasts that are not archived, newest first, after `after`. */
export function listPodcasts(
  sql: Sql,
  tenantId: TenantId,
  limit: number,
  after: ListPosition,
): Promise<(PodcastRow & ListPosition)[]> {
  return sql(
    `SELECT ${COLUMNS}, p.created_at::text AS "sortKey" FROM podcasts p
     WHERE p.tenant_id = $1 AND p.archived_at IS NULL AND (p.created_at, p.id) < ($2::timestamptz, $3::uuid)
     ORDER BY p.created_at DESC, p.id DESC LIMIT $4`,
    [tenantId, after.sortKey, after.id, limit],
  );
}

/** Up to `limit` podcasts whose title contains the query or resembles it, best first. */
export async function searchPodcasts(
  sql: Sql,
  tenantId: TenantId,
  query: string,
  limit: number,
): Promise<PodcastRow[]> {
  // Two statements: a node of Citus does not search from within another search.
  const found = await sql<{ id: string }>('SELECT id FROM search_podcasts($1, $2)', [query, limit]);
  return sql(
    `SELECT ${COLUMNS} FROM unnest($2::uuid[]) WITH ORDINALITY AS s (id, place)
     JOIN podcasts p ON p.tenant_id = $1 AND p.id = s.id ORDER BY s.place`,
    [tenantId, found.map(({ id }) => id)],
  );
}

/** What is known of a feed is forgotten with its address, and the new one is polled at once. */
const FORGOTTEN: Record<string, string> = {
  feed_etag: 'NULL',
  feed_last_modified: 'NULL',
  feed_copy_url: 'NULL',
  feed_checked_at: 'NULL',
  feed_next_check_at: 'NULL',
  feed_failures: '0',
  feed_error: 'NULL',
};

/** Changes what is given. Undefined when the tenant has no such podcast. */
export async function updatePodcast(
  sql: Sql,
  tenantId: TenantId,
  id: string,
  change: PodcastFields,
): Promise<PodcastRow | undefined> {
  const { columns, values } = columnValues(FIELDS, change);
  const assignments = columns.map((column, index) => `${column} = $${index + 3}`);
  const feedUrl = columns.indexOf('feed_url');
  if (feedUrl >= 0) {
    const moved = `feed_url IS DISTINCT FROM $${feedUrl + 3}`;
    for (const [column, value] of Object.entries(FORGOTTEN))
      assignments.push(`${column} = CASE WHEN ${moved} THEN ${value} ELSE ${column} END`);
  }
  const rows = await sql<PodcastRow>(
    `WITH p AS (
       UPDATE podcasts SET ${[...assignments, 'updated_at = now()'].join(', ')}
       WHERE tenant_id = $1 AND id = $2 RETURNING *
     ) SELECT ${COLUMNS} FROM p`,
    [tenantId, id, ...values],
  );
  return rows[0];
}
