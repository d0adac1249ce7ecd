import { Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { VERSION } from '@lib/observability';
import PQueue from 'p-queue';
import { contentTypeCharset } from '../domain/content-type-charset.js';
import { feedAddress } from '../domain/feed-address.js';
import { FeedFetchFailed, FeedUnreadable } from '../domain/feed.errors.js';
import type { ParsedFeed } from '../domain/parsed-feed.js';
import {
  type BeforeRequest,
  fetchFeed,
  type FetchedFeed,
  type UnchangedCopy,
} from '../infrastructure/fetch-feed.js';
import { parseFeedInTurns } from '../infrastructure/parse-feed.js';
import type { FeedMove } from './note-feed-changes.js';

/** For one feed, with every address to which it says it has moved. */
const TOTAL_MS = 60_000;
const LONGEST_FETCH_MS = 30_000;

/** `itunes:new-feed-url` in feeds that it leads to. */
const MAX_MOVES = 3;

/** Validators of the copy at hand, and where it came from. */
interface Validators {
  readonly etag: string | null;
  readonly lastModified: string | null;
  readonly copyUrl: string | null;
}
const NO_COPY: Validators = { etag: null, lastModified: null, copyUrl: null };

/** What all requests for one feed have in common. `deadline`: milliseconds since 1970. */
interface Visit {
  readonly deadline: number;
  readonly beforeRequest: BeforeRequest | undefined;
}

/** A copy of a feed, and where it came from in the end. */
interface Copy extends Validators, FeedMove {
  readonly feed: ParsedFeed;
  readonly finalUrl: string;
}

/** A feed as it is at its address. */
export interface RemoteFeed extends Validators, FeedMove {
  /** Null when the copy at hand is still the newest. */
  readonly feed: ParsedFeed | null;
  /** Why a move that the feed announces was not followed; null where it announces none, or was. */
  readonly fault: string | null;
}

/**
 * Fetches feeds and reads them. Permanent redirects and `itunes:new-feed-url` are followed; a new address counts once a
 * feed was read there. A minute for everything; one large feed is in memory as text at a time.
 */
@Injectable()
export class FeedReader {
  private readonly parsing = new PQueue({ concurrency: 1 });

  constructor(private readonly settings: Settings) {}

  /**
   * @param requestedUrl as stored
   * @param validators of the copy at hand; without any, `feed` is never null
   * @param beforeRequest awaited before each request, with the host it goes to
   * @throws FeedFetchFailed, FeedUnreadable, and what `beforeRequest` throws
   */
  async read(
    requestedUrl: string,
    validators: Validators = NO_COPY,
    beforeRequest?: BeforeRequest,
  ): Promise<RemoteFeed> {
    const visit = { deadline: Date.now() + TOTAL_MS, beforeRequest };
    const answer = await this.fetch(requestedUrl, validators, visit);
    const feedUrl = feedAddress(answer.permanentRedirect ?? requestedUrl) ?? requestedUrl;
    const move = { requestedUrl, feedUrl, movedBy: 'permanent_redirect' } as const;
    const { etag, lastModified, copyUrl } = validators;
    if (answer.status === 'not_modified')
      return { ...move, etag, lastModified, copyUrl, feed: null, fault: null };
    return this.followMoves({ ...move, ...(await this.parse(answer, feedUrl)) }, visit);
  }

  private async followMoves(first: Copy, visit: Visit): Promise<RemoteFeed> {
    const seen = new Set([first.requestedUrl, first.feedUrl]);
    let copy = first;
    for (;;) {
      const next = feedAddress(copy.feed.newFeedUrl);
      if (next === null || next === copy.feedUrl) return { ...copy, fault: null };
      const move = { requestedUrl: first.requestedUrl, feedUrl: next, movedBy: 'new_feed_url' } as const;
      if (next === copy.finalUrl) return { ...copy, ...move, fault: null };
      const obstacle = obstacleTo(next, copy, seen);
      if (obstacle !== null) return { ...first, fault: notFollowed(obstacle) };
      seen.add(next);
      try {
        const there = { ...move, ...(await this.fetchWhole(next, visit)) };
        if (there.feedUrl === copy.feedUrl) return { ...copy, fault: null };
        copy = there;
      } catch (error) {
        if (!isFeedFault(error)) throw error;
        // Without validators the next poll gets the whole feed again, and with it another try.
        return { ...first, ...NO_COPY, fault: notFollowed(`${error.code}: ${error.message}`) };
      }
    }
  }

  private async fetchWhole(url: string, visit: Visit): Promise<Omit<Copy, 'requestedUrl' | 'movedBy'>> {
    const answer = await this.fetch(url, NO_COPY, visit);
    if (answer.status === 'not_modified')
      throw new Error('a request without validators was answered as not modified');
    const feedUrl = feedAddress(answer.permanentRedirect) ?? url;
    return { feedUrl, ...(await this.parse(answer, feedUrl)) };
  }

  private fetch(
    url: string,
    { etag, lastModified, copyUrl }: Validators,
    { deadline, beforeRequest }: Visit,
  ): Promise<FetchedFeed | UnchangedCopy> {
    return fetchFeed(url, {
      etag,
      lastModified,
      copyUrl,
      userAgent: `podcast-measurement/${VERSION}`,
      allowPrivateAddresses: this.settings.feedAllowPrivateAddresses,
      timeoutMs: Math.max(1, Math.min(LONGEST_FETCH_MS, deadline - Date.now())),
      ...(beforeRequest && { beforeRequest }),
    });
  }

  private async parse(
    { bytes, contentType, etag, lastModified, finalUrl }: FetchedFeed,
    feedUrl: string,
  ): Promise<Validators & { feed: ParsedFeed; finalUrl: string }> {
    const { trackingHosts: ownPrefixHosts } = this.settings;
    const options = { charset: contentTypeCharset(contentType), feedUrl, ownPrefixHosts };
    const feed = await this.parsing.add(() => parseFeedInTurns(bytes, options));
    return { feed, etag, lastModified, copyUrl: finalUrl, finalUrl: feedAddress(finalUrl) ?? feedUrl };
  }
}

/** Whether the feed, or its server, is what failed. */
export function isFeedFault(error: unknown): error is FeedFetchFailed | FeedUnreadable {
  return error instanceof FeedFetchFailed || error instanceof FeedUnreadable;
}

function obstacleTo(next: string, { feedUrl }: Copy, seen: ReadonlySet<string>): string | null {
  if (seen.has(next) || seen.size > MAX_MOVES + 1) return 'its new addresses lead on and on, or in a circle';
  if (feedUrl.startsWith('https:') && next.startsWith('http:'))
    return 'from https to an address without protection';
  return null;
}

function notFollowed(why: string): string {
  return `feed_move_failed: the feed says that it has moved, but ${why}`;
}
