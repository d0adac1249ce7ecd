import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** What a feed proves about its podcast. */
export interface FeedIdentity {
  podcastGuid: string | null;
  /** Addresses under which the feed is known. */
  addresses: readonly string[];
  title: string;
  link: string | null;
}

/** What an import writes of a podcast. */
export interface FeedPodcast {
  /** Null keeps the stored one; a new podcast needs one. */
  title: string | null;
  description: string | null;
  author: string | null;
  language: string | null;
  link: string | null;
  imageUrl: string | null;
  /** Null keeps the stored one. */
  podcastGuid: string | null;
  /** The address that was fetched, else the one that the feed names itself, which never replaces a stored one. */
  feedUrl: string | null;
  /** Null for a feed that was handed over. Its validators are unknown, so the next fetch is a full one. */
  fetched: FetchedCopy | null;
}

/** What is kept of a copy that was fetched, besides its content. */
export interface FetchedCopy {
  /** Validators, with which the next fetch asks for a newer copy only. */
  readonly etag: string | null;
  readonly lastModified: string | null;
  /** Where they came from. */
  readonly copyUrl: string | null;
  readonly nextCheckSeconds: number;
  /** What people should know although the copy was good; null for nothing. */
  readonly fault: string | null;
  /** The copy counts only if the podcast still has this address; null where it counts in any case. */
  readonly onlyAt: string | null;
}

/** The podcast that a feed belongs to, before its import. */
export interface KnownPodcast {
  id: string;
  feedUrl: string | null;
  archivedAt: Date | null;
}

/**
 * Waits until no other import of this tenant works on one of `keys`, until the transaction ends. Taken in the order of
 * the hashes, so two imports that share several keys cannot wait for each other.
 */
export async function lockImports(sql: Sql, tenantId: TenantId, keys: readonly string[]): Promise<void> {
  await sql(
    `SELECT pg_advisory_xact_lock(lock) FROM (
       SELECT DISTINCT hashtextextended('podcast.feed-import.' || $1 || '.' || key, 0) AS lock
       FROM unnest($2::text[]) AS k (key) ORDER BY lock
     ) locks`,
    [tenantId, keys],
  );
}

/**
 * The podcast that a feed belongs to: by its guid, else by its address. A feed that has neither belongs to the podcast
 * without either that has its title and link. Podcasts in use go before archived ones.
 */
export async function findPodcastOfFeed(
  sql: Sql,
  tenantId: TenantId,
  feed: FeedIdentity,
): Promise<KnownPodcast | undefined> {
  const rows = await sql<KnownPodcast>(
    `SELECT id, feed_url AS "feedUrl", archived_at AS "archivedAt" FROM podcasts
     WHERE tenant_id = $1 AND (
       podcast_guid = $2 OR feed_url = ANY ($3::text[])
       OR ($2::text IS NULL AND cardinality($3::text[]) = 0 AND podcast_guid IS NULL AND feed_url IS NULL
           AND title = $4 AND link IS NOT DISTINCT FROM $5))
     ORDER BY archived_at IS NOT NULL, podcast_guid = $2 DESC NULLS LAST, created_at, id LIMIT 1`,
    [tenantId, feed.podcastGuid, feed.addresses, feed.title, feed.link],
  );
  return rows[0];
}

/** Stores the podcast of a feed. */
export async function insertFeedPodcast(
  sql: Sql,
  tenantId: TenantId,
  id: string,
  podcast: FeedPodcast,
): Promise<void> {
  await sql(
    `INSERT INTO podcasts (tenant_id, id, title, description, author, language, link, image_url, podcast_guid, feed_url,
                           feed_etag, feed_last_modified, feed_checked_at, feed_next_check_at, feed_error, feed_copy_url)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, CASE WHEN $13::boolean THEN now() END,
             now() + make_interval(secs => $14::float8), $15, $16)`,
    values(tenantId, id, podcast),
  );
}

const FEED_URL = 'CASE WHEN $13::boolean THEN coalesce($10, feed_url) ELSE coalesce(feed_url, $10) END';

/**
 * Brings a podcast up to its feed. `updated_at` moves only when something that people see has changed: `seen` says whether.
 * Undefined, and nothing changed, when the copy does not count any more.
 */
export async function updateFeedPodcast(
  sql: Sql,
  tenantId: TenantId,
  id: string,
  podcast: FeedPodcast,
): Promise<{ seen: boolean } | undefined> {
  const rows = await sql<{ seen: boolean }>(
    `UPDATE podcasts SET
       title = coalesce($3, title), description = $4, author = $5, language = $6, link = $7, image_url = $8,
       podcast_guid = coalesce($9, podcast_guid), feed_url = ${FEED_URL},
       feed_etag = $11, feed_last_modified = $12, feed_copy_url = $16,
       feed_checked_at = CASE WHEN $13::boolean THEN now() ELSE feed_checked_at END,
       feed_next_check_at = CASE WHEN $13::boolean THEN next_check_at ELSE feed_next_check_at END,
       feed_failures = CASE WHEN $13::boolean THEN 0 ELSE feed_failures END,
       feed_error = CASE WHEN $13::boolean THEN $15 ELSE feed_error END,
       updated_at = CASE
         WHEN (title, description, author, language, link, image_url, podcast_guid, feed_url) IS DISTINCT FROM
              (coalesce($3, title), $4, $5, $6, $7, $8, coalesce($9, podcast_guid), ${FEED_URL})
         THEN now() ELSE updated_at END
     FROM (SELECT now() + make_interval(secs => $14::float8) AS next_check_at) n
     WHERE tenant_id = $1 AND id = $2 AND ($17::text IS NULL OR (feed_url = $17 AND archived_at IS NULL))
     RETURNING updated_at = now() AS seen`,
    [...values(tenantId, id, podcast), podcast.fetched?.onlyAt ?? null],
  );
  return rows[0];
}

/** Notes on every podcast with this feed that fetching or reading it failed. Nothing else changes. */
export async function noteFeedError(
  sql: Sql,
  tenantId: TenantId,
  feedUrl: string,
  error: string,
): Promise<void> {
  await sql(
    'UPDATE podcasts SET feed_checked_at = now(), feed_error = $3 WHERE tenant_id = $1 AND feed_url = $2',
    [tenantId, feedUrl, error],
  );
}

function values(tenantId: TenantId, id: string, podcast: FeedPodcast): unknown[] {
  const { title, description, author, language, link, imageUrl, podcastGuid, feedUrl } = podcast;
  const { etag = null, lastModified = null, copyUrl = null } = podcast.fetched ?? {};
  const { nextCheckSeconds = null, fault = null } = podcast.fetched ?? {};
  return [
    ...[tenantId, id, title, description, author, language, link, imageUrl, podcastGuid, feedUrl],
    ...[etag, lastModified, podcast.fetched !== null, nextCheckSeconds, fault, copyUrl],
  ];
}
