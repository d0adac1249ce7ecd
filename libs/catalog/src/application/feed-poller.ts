import { Inject, Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { databaseUnavailable, TenantDb } from '@lib/database';
import { LOGGER } from '@lib/observability';
import { DomainError } from '@lib/primitives';
import type { Logger } from 'pino';
import { FeedFetchFailed, FeedSuperseded, HostBusy } from '../domain/feed.errors.js';
import { nextCheckSeconds } from '../domain/next-check-seconds.js';
import { claimFeed, type ClaimedFeed } from '../infrastructure/claim-feed.sql.js';
import type { BeforeRequest } from '../infrastructure/fetch-feed.js';
import { noteFailedPoll, type FailedPoll } from '../infrastructure/note-failed-poll.sql.js';
import { postponeFeed } from '../infrastructure/postpone-feed.sql.js';
import { noteUnchanged } from '../infrastructure/note-unchanged.sql.js';
import { FeedReader, isFeedFault, type RemoteFeed } from './feed-reader.js';
import { noteFeedMove } from './note-feed-changes.js';
import { storeFeed } from './store-feed.js';

/** Longer than a poll can take, so that nobody else polls the feed meanwhile. */
export const POLL_LEASE_SECONDS = 120;

/** When a feed is due again whose poll led to a host that others were asking. */
const POSTPONED_SECONDS = 30;

/** HTTP 410: the server says that the feed will not come back (RFC 9110 §15.5.11). */
const GONE = 410;

/**
 * How a poll ended: the feed was imported, is as it was, could not be had, or got another address meanwhile; or someone
 * else has it, or the host that it leads to.
 */
export const POLL_OUTCOMES = ['imported', 'unchanged', 'failed', 'superseded', 'taken', 'postponed'] as const;
export type PollOutcome = (typeof POLL_OUTCOMES)[number];

/** Polls single feeds. Must be called outside `TenantDb.run`: no transaction is open while a feed is on its way. */
@Injectable()
export class FeedPoller {
  constructor(
    private readonly db: TenantDb,
    private readonly reader: FeedReader,
    private readonly settings: Settings,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Polls a feed if it is due. It is claimed first, so of several callers one polls it; a crash delays it by the lease.
   * Whatever is wrong with the feed is noted on the podcast, and what was imported before stays.
   * @param enterHost awaited before each request, with the host it goes to
   * @throws whatever says that the database is away, and nothing else
   */
  async poll(tenantId: string, podcastId: string, enterHost?: BeforeRequest): Promise<PollOutcome> {
    const claim = await this.db.run(tenantId, () => {
      const { sql, tenantId: tenant } = this.db.current;
      return claimFeed(sql, tenant, podcastId, POLL_LEASE_SECONDS);
    });
    if (claim === undefined) return 'taken';
    try {
      const remote = await this.reader.read(claim.feedUrl, claim, enterHost);
      return await this.db.run(tenantId, () => this.keep(podcastId, claim, remote));
    } catch (error) {
      if (databaseUnavailable(error)) throw error;
      if (error instanceof HostBusy) {
        await this.db.run(tenantId, () => this.giveBack(podcastId, claim));
        return 'postponed';
      }
      if (error instanceof FeedSuperseded || (error instanceof DomainError && error.status !== 422))
        return 'superseded';
      if (!isFeedFault(error))
        this.logger.error({ err: error, tenantId, podcastId }, 'polling a feed failed');
      await this.db.run(tenantId, () => this.noteFailure(podcastId, claim, error));
      return 'failed';
    }
  }

  private async keep(podcastId: string, { feedUrl }: ClaimedFeed, remote: RemoteFeed): Promise<PollOutcome> {
    const { sql, tenantId } = this.db.current;
    const nextCheckSeconds = this.nextCheck(0);
    if (remote.feed === null) {
      const unchanged = { podcastId, polledUrl: feedUrl, feedUrl: remote.feedUrl, nextCheckSeconds };
      if (!(await noteUnchanged(sql, tenantId, unchanged))) return 'superseded';
      await noteFeedMove(this.db.current, podcastId, remote);
      return 'unchanged';
    }
    const fetched = { ...remote, nextCheckSeconds, onlyAt: feedUrl };
    const ownPrefixHosts = this.settings.trackingHosts;
    await storeFeed(this.db.current, remote.feed, { podcastId, fetched, ownPrefixHosts });
    return 'imported';
  }

  private async giveBack(podcastId: string, { feedUrl }: ClaimedFeed): Promise<void> {
    const { sql, tenantId } = this.db.current;
    await postponeFeed(sql, tenantId, { podcastId, polledUrl: feedUrl, seconds: POSTPONED_SECONDS });
  }

  private async noteFailure(podcastId: string, claim: ClaimedFeed, error: unknown): Promise<void> {
    const { sql, tenantId } = this.db.current;
    const failure = { podcastId, polledUrl: claim.feedUrl, ...this.describe(error, claim.failures + 1) };
    await noteFailedPoll(sql, tenantId, failure);
  }

  private describe(error: unknown, failures: number): Pick<FailedPoll, 'error' | 'nextCheckSeconds'> {
    if (error instanceof FeedFetchFailed && error.feedStatus === GONE) {
      const text =
        'feed_gone: the server of the feed says that it is gone for good (410); it is not polled any more';
      return { error: text, nextCheckSeconds: null };
    }
    const text = isFeedFault(error)
      ? `${error.code}: ${error.message}`
      : 'feed_not_stored: the feed could not be stored; the log of the worker says why';
    const retryAfter = error instanceof DomainError ? error.extra.retryAfterSeconds : undefined;
    return { error: text, nextCheckSeconds: this.nextCheck(failures, retryAfter) };
  }

  private nextCheck(failures: number, retryAfterSeconds?: number): number {
    const intervalSeconds = this.settings.feedPollIntervalMinutes * 60;
    return nextCheckSeconds({ intervalSeconds, failures, retryAfterSeconds }, Math.random());
  }
}
