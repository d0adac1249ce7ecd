import { Injectable } from '@nestjs/common';
import { TenantDb } from '@lib/database';
import { feedCheckedRecently, feedNotPolled, podcastNotFound } from '../domain/catalog.errors.js';
import { findFeedState, type FeedStateRow } from '../infrastructure/feed-state.sql.js';
import { requestCheck } from '../infrastructure/request-check.sql.js';
import { POLL_LEASE_SECONDS } from './feed-poller.js';

/** How the polling of a podcast's feed stands. */
export interface FeedState {
  url: string | null;
  checkedAt: Date | null;
  /** Null when it is not polled by itself. */
  nextCheckAt: Date | null;
  /** Polls in a row that failed. */
  failures: number;
  /** Why the last poll brought nothing. */
  error: { code: string; message: string } | null;
}

/** The feeds of the current tenant's podcasts. Every method needs an open `TenantDb.run`. */
@Injectable()
export class FeedStateService {
  constructor(private readonly db: TenantDb) {}

  /** @throws DomainError `podcast_not_found` (404) */
  async get(podcastId: string): Promise<FeedState> {
    const { error, url, checkedAt, nextCheckAt, failures } = await this.find(podcastId);
    return { url, checkedAt, nextCheckAt, failures, error: splitError(error) };
  }

  /**
   * Has the worker poll the feed within seconds, whatever failed before.
   * @throws DomainError `podcast_not_found` (404), `feed_not_polled` (409), `feed_checked_recently` (429)
   */
  async check(podcastId: string): Promise<FeedState> {
    const { sql, tenantId } = this.db.current;
    const { url, archived, secondsSinceCheck } = await this.find(podcastId);
    if (url === null || archived) throw feedNotPolled();
    if (!(await requestCheck(sql, tenantId, podcastId, POLL_LEASE_SECONDS)))
      throw feedCheckedRecently(Math.max(1, Math.ceil(POLL_LEASE_SECONDS - (secondsSinceCheck ?? 0))));
    return this.get(podcastId);
  }

  private async find(podcastId: string): Promise<FeedStateRow> {
    const { sql, tenantId } = this.db.current;
    const row = await findFeedState(sql, tenantId, podcastId);
    if (row === undefined) throw podcastNotFound();
    return row;
  }
}

function splitError(text: string | null): FeedState['error'] {
  if (text === null) return null;
  const [code = ''] = text.split(': ', 1);
  return { code, message: text.slice(code.length + 2) };
}
