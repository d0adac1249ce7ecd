import type { EpisodeWindow } from './compare-window.js';
import { BIN_MS } from './position-bins.js';

/** How many ads of a placement began in a bin of the episode. */
export interface AdsInBin {
  readonly placementId: string;
  readonly bin: number;
  readonly ads: number;
}

/** A window in which ads of a placement were delivered or played. */
export interface AdWindow extends EpisodeWindow {
  readonly placementId: string;
  /** Events `ad_delivered` and `ad_play` that name a position in its first bin. */
  readonly ads: number;
}

/** Events say where an ad begins and not how long it is: the usual length is taken. */
const USUAL_AD_MS = 30_000;

/** The windows with the most ads, at most `limit`, in the order of the episode. */
export function learnWindows(ads: readonly AdsInBin[], limit: number): AdWindow[] {
  return [...ads]
    .sort((a, b) => b.ads - a.ads || a.bin - b.bin || (a.placementId < b.placementId ? -1 : 1))
    .slice(0, limit)
    .sort((a, b) => a.bin - b.bin || (a.placementId < b.placementId ? -1 : 1))
    .map(({ placementId, bin, ads: count }) => ({
      placementId,
      ads: count,
      startMs: bin * BIN_MS,
      endMs: bin * BIN_MS + USUAL_AD_MS,
    }));
}
