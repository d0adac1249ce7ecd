import type { Download } from './download.js';
import type { DownloadRequest, EpisodeSizes } from './download-request.js';
import type { Outcome } from './outcome.js';
import type { WindowCarry } from './window-carry.js';

/** A stretch of whole UTC days to count. */
export interface CountingInput {
  /** All requests of the addresses that are counted, on all days of the stretch, in any order. */
  readonly requests: readonly DownloadRequest[];
  /** Sizes by episode. Of an episode that is missing no size is known. */
  readonly episodes: ReadonlyMap<string, EpisodeSizes>;
  /** The midnight UTC at which the stretch ends, in milliseconds. */
  readonly untilMs: number;
}

/** What a stretch of days came to. */
export interface Count {
  /** The one outcome of each request, in the order given. */
  readonly outcomes: readonly Outcome[];
  /** In the order of their times. */
  readonly downloads: readonly Download[];
  /** The windows that are open at the end, to start the next day from. Always empty for calendar days. */
  readonly carry: readonly WindowCarry[];
}
