import { Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { TenantDb } from '@lib/database';
import { DomainError } from '@lib/primitives';
import { podcastNotFound } from '../domain/catalog.errors.js';
import { contentTypeCharset } from '../domain/content-type-charset.js';
import { feedAddress } from '../domain/feed-address.js';
import type { FeedImportReport } from '../domain/feed-import-report.js';
import { nextCheckSeconds } from '../domain/next-check-seconds.js';
import { FEED_LIMITS } from '../infrastructure/feed-limits.js';
import { noteFeedError } from '../infrastructure/feed-podcast.sql.js';
import { parseFeedInTurns } from '../infrastructure/parse-feed.js';
import { findPodcast } from '../infrastructure/podcasts.sql.js';
import { FeedReader } from './feed-reader.js';
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
    private readonly reader: FeedReader,
    private readonly settings: Settings,
  ) {}

  /**
   * Imports a feed that is at hand as bytes.
   * @throws FeedUnreadable (422), DomainError `podcast_not_found` (404), `podcast_archived` (409),
   * `podcast_quota_reached` (409)
   */
  async importFeedBytes(
    tenantId: string,
    bytes: Uint8Array,
    { podcastId, contentType }: ImportFeedOptions = {},
  ): Promise<FeedImportReport> {
    const { trackingHosts: ownPrefixHosts } = this.settings;
    const charset = contentTypeCharset(contentType ?? null);
    const feed = await parseFeedInTurns(bytes, { charset, ownPrefixHosts });
    const source = { podcastId, fetched: undefined, ownPrefixHosts };
    return this.db.run(tenantId, () => storeFeed(this.db.current, feed, source));
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
    const { feed, ...copy } = await this.reader.read(url);
    if (feed === null) throw new Error('a request without validators was answered as not modified');
    const intervalSeconds = this.settings.feedPollIntervalMinutes * 60;
    const wait = nextCheckSeconds({ intervalSeconds, failures: 0 }, Math.random());
    const fetched = { ...copy, requestedUrl, nextCheckSeconds: wait, onlyAt: null };
    const source = { podcastId, fetched, ownPrefixHosts: this.settings.trackingHosts };
    return this.db.run(tenantId, () => storeFeed(this.db.current, feed, source));
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
