import type { FeedWarning, SkipCode } from './parsed-feed.js';

/** What an import did. A second import of the same bytes finds every episode unchanged. */
export interface FeedImportReport {
  podcastId: string;
  /** Whether the podcast is new. */
  created: boolean;
  /** Episodes of the feed, each counted once. */
  episodes: { created: number; updated: number; unchanged: number };
  /** Items that became no episode, in the feed's order. */
  skipped: ImportSkip[];
  /** What was odd and how it was read; at most 1,000 entries. */
  warnings: FeedWarning[];
  /** Stored episodes that the feed no longer lists. They stay. Archived ones are not counted. */
  notInFeed: number;
}

/** An item that became no episode. `identity_too_long`: guid and address together do not fit the index. */
export interface ImportSkip {
  position: number;
  title: string | null;
  code: SkipCode | 'identity_too_long';
  detail: string;
}
