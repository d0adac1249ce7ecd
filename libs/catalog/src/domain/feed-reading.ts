import type { FeedWarning, FeedWarningCode } from './parsed-feed.js';

const MAX_WARNINGS = 1000;

/** What the items of a feed are read against. */
export interface FeedReading {
  /** What relative addresses are resolved against. */
  readonly base: URL | null;
  /** The tenant's tracking domains, in lower case. */
  readonly ownPrefixHosts: ReadonlySet<string>;
  readonly now: Date;
  readonly warnings: WarningList;
}

/** Collects warnings; after 1,000 only the fact that there were more. */
export class WarningList {
  readonly entries: FeedWarning[] = [];

  /** @param position the item's, null for the feed as a whole */
  add(position: number | null, code: FeedWarningCode, detail: string): void {
    if (this.entries.length < MAX_WARNINGS) this.entries.push({ position, code, detail });
    else if (this.entries.length === MAX_WARNINGS) {
      this.entries.push({ position: null, code: 'warnings_cut', detail: 'further warnings are not listed' });
    }
  }
}
