import { heardWithin, type HeardByBin } from './position-bins.js';

/** A part of an episode, `[startMs, endMs)`, such as an ad. */
export interface EpisodeWindow {
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * How a window was heard beside what lies around it. Shares are of the starts, as in the curve; the last three are of
 * those who heard what lies before. Null where there is nothing to compare with or to divide by.
 */
export interface HeardWindow extends EpisodeWindow {
  readonly heardMs: number;
  readonly share: number | null;
  /** Of the 30 seconds before the window, or what there is of them. */
  readonly shareBefore: number | null;
  /** Of the 30 seconds after it. */
  readonly shareAfter: number | null;
  /** Who did not hear it: `1 − share / shareBefore`, not below 0. */
  readonly unheardShare: number | null;
  /** Who jumped over it and listened on: `(shareAfter − share) / shareBefore`, not below 0. */
  readonly skippedShare: number | null;
  /** Who stopped for good: `1 − shareAfter / shareBefore`, not below 0. */
  readonly leftShare: number | null;
}

/** How much of the episode on either side a window is compared with. */
const AROUND_MS = 30_000;

/**
 * Compares a window with what lies around it. Who stops at an ad and who jumps over it are both missing inside, so only
 * the return of the second kind after the window tells them apart.
 *
 * @param episodeEndMs where the curve of the episode ends: after it nobody can return
 */
export function compareWindow(
  { startMs, endMs }: EpisodeWindow,
  heard: HeardByBin,
  starts: number,
  episodeEndMs: number,
): HeardWindow {
  const shareOf = (fromMs: number, toMs: number) =>
    starts === 0 || toMs <= fromMs ? null : heardWithin(heard, { fromMs, toMs }) / (toMs - fromMs) / starts;
  const shareBefore = shareOf(Math.max(0, startMs - AROUND_MS), startMs);
  const share = shareOf(startMs, endMs);
  const shareAfter = shareOf(endMs, Math.min(endMs + AROUND_MS, episodeEndMs));
  const ofThoseBefore = (missing: number | null) =>
    missing === null || shareBefore === null || shareBefore === 0 ? null : Math.max(0, missing / shareBefore);
  return {
    startMs,
    endMs,
    heardMs: heardWithin(heard, { fromMs: startMs, toMs: endMs }),
    share,
    shareBefore,
    shareAfter,
    unheardShare: ofThoseBefore(minus(shareBefore, share)),
    skippedShare: ofThoseBefore(minus(shareAfter, share)),
    leftShare: ofThoseBefore(minus(shareBefore, shareAfter)),
  };
}

function minus(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a - b;
}
