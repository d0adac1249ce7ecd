import { Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { TenantDb } from '@lib/database';
import { VERSION } from '@lib/observability';
import { DomainError } from '@lib/primitives';
import { podcastNotFound } from '../domain/catalog.errors.js';
import { contentTypeCharset } from '../domain/content-type-charset.js';
import { feedAddress } from '../domain/feed-address.js';
import type { FeedImportReport } from '../domain/feed-import-report.js';
import { FEED_LIMITS } from '../infrastructure/feed-limits.js';
import { noteFeedError } from '../infrastructure/feed-podcast.sql.js';
import { fetchFeed, type FetchedFeed } from '../infrastructure/fetch-feed.js';
import { parseFeed } from '../infrastructure/parse-feed.js';
import { findPodcast } from '../infrastructure/podcasts.sql.js';
import { storeFeed } from './store-feed.js';

/** The largest feed that is read, in bytes. */
export const MAX_FEED_BYTES = FEED_LIMITS.maxBytes;

export interface ImportFeedOptions {
  /** The podcast that the feed is for. Without it the feed finds its podcast, or makes one. */
  podcastId?: string | undefined;
  /** Content-Type header under which the bytes came; its charset is honoured. */
  contentType?: string | null | undefined;
}

/**
 * Brings podcasts and their episodes in from feeds.
 *
 * Opens its own transactions and keeps none open while it waits for the network or reads a feed, so it must be called
 * outside `TenantDb.run`. Importing the same feed again changes nothing; a feed that cannot be read changes nothing
 * either, apart from the note of the failure on the podcast.
 */
@Injectable()
export class CatalogService {
  constructor(
    private readonly db: TenantDb,
    private readonly settings: Settings,
  ) {}

  /**
   * Imports a feed that is at hand as bytes.
   * @throws FeedUnreadable (422), DomainError `podcast_not_found` (404), `podcast_archived` (409)
   */
  async importFeedBytes(
    tenantId: string,
    bytes: Uint8Array,
    { podcastId, contentType }: ImportFeedOptions = {},
  ): Promise<FeedImportReport> {
    const feed = parseFeed(bytes, {
      charset: contentTypeCharset(contentType ?? null),
      ownPrefixHosts: this.settings.trackingHosts,
    });
    return this.db.run(tenantId, () => storeFeed(this.db.current, feed, { podcastId, fetched: undefined }));
  }

  /**
   * Fetches a feed and imports it. The podcast keeps the address for later.
   * @throws FeedFetchFailed (422), and what `importFeedBytes` throws
   */
  async importFeedUrl(
    tenantId: string,
    url: string,
    { podcastId }: { podcastId?: string | undefined } = {},
  ): Promise<FeedImportReport> {
    if (podcastId !== undefined) await this.requirePodcast(tenantId, podcastId);
    const requestedUrl = feedAddress(url) ?? url;
    try {
      return await this.fetchAndStore(tenantId, url, requestedUrl, podcastId);
    } catch (error) {
      if (error instanceof DomainError && error.status === 422) {
        await this.db.run(tenantId, () => this.noteError(requestedUrl, error));
      }
      throw error;
    }
  }

  private async fetchAndStore(
    tenantId: string,
    url: string,
    requestedUrl: string,
    podcastId: string | undefined,
  ): Promise<FeedImportReport> {
    const copy = await this.fetch(url);
    const feedUrl = copy.permanentRedirect ?? requestedUrl;
    const feed = parseFeed(copy.bytes, {
      charset: contentTypeCharset(copy.contentType),
      feedUrl,
      ownPrefixHosts: this.settings.trackingHosts,
    });
    const { etag, lastModified } = copy;
    const fetched = { feedUrl, requestedUrl, etag, lastModified };
    return this.db.run(tenantId, () => storeFeed(this.db.current, feed, { podcastId, fetched }));
  }

  private async fetch(url: string): Promise<FetchedFeed> {
    const copy = await fetchFeed(url, {
      userAgent: `podcast-measurement/${VERSION}`,
      allowPrivateAddresses: this.settings.feedAllowPrivateAddresses,
    });
    if (copy.status !== 'fetched')
      throw new Error('a request without validators was answered as not modified');
    return copy;
  }

  private async requirePodcast(tenantId: string, podcastId: string): Promise<void> {
    const find = () => findPodcast(this.db.current.sql, this.db.current.tenantId, podcastId);
    if ((await this.db.run(tenantId, find, { readOnly: true })) === undefined) throw podcastNotFound();
  }

  private async noteError(feedUrl: string, { code, message }: DomainError): Promise<void> {
    const { sql, tenantId } = this.db.current;
    await noteFeedError(sql, tenantId, feedUrl, `${code}: ${message}`);
  }
}
