import { DomainError } from '@lib/primitives';

/** Why a document could not be read as a podcast feed. */
export type FeedUnreadableCode =
  | 'feed_malformed'
  | 'feed_doctype'
  | 'feed_too_large'
  | 'feed_too_deep'
  | 'feed_too_many_items'
  | 'feed_not_rss';

/** The bytes are no feed that we read. The last good copy of the feed stays in use. */
export class FeedUnreadable extends DomainError {
  /** @param line line of the document, from 1, where it is known */
  constructor(
    override readonly code: FeedUnreadableCode,
    message: string,
    readonly line?: number,
  ) {
    super(code, 422, line === undefined ? message : `${message} (line ${line})`);
    this.name = 'FeedUnreadable';
  }
}

/** Why a feed could not be fetched. */
export type FeedFetchFailedCode =
  | 'feed_url_invalid'
  | 'feed_address_refused'
  | 'feed_too_large'
  | 'feed_timeout'
  | 'feed_redirects'
  | 'feed_status'
  | 'feed_network'
  | 'feed_encoding';

/**
 * The feed could not be fetched. With `feed_status`, `feedStatus` is what the feed's server answered, and
 * `extra.retryAfterSeconds` what it asked for.
 */
export class FeedFetchFailed extends DomainError {
  constructor(
    override readonly code: FeedFetchFailedCode,
    message: string,
    readonly feedStatus: number | null = null,
    retryAfterSeconds?: number,
  ) {
    super(code, 422, message, retryAfterSeconds === undefined ? {} : { retryAfterSeconds });
    this.name = 'FeedFetchFailed';
  }
}

/** Others ask the host that a feed leads to; its turn did not come in time. */
export class HostBusy extends Error {
  constructor() {
    super('others are asking the host');
    this.name = 'HostBusy';
  }
}

/** While a copy of the feed was on its way, the podcast got another address. The copy is of no use any more. */
export class FeedSuperseded extends Error {
  constructor() {
    super('the address of the feed was changed while it was fetched');
    this.name = 'FeedSuperseded';
  }
}
