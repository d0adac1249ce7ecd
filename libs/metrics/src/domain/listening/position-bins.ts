import type { HeardStretch } from './heard-stretch.js';

/** Listening is kept by bins of 10 seconds of the episode: bin 0 is `[0 s, 10 s)`. */
export const BIN_MS = 10_000;

/** Milliseconds heard by bin; bins that nobody heard are left out. */
export type HeardByBin = ReadonlyMap<number, number>;

/** Adds a stretch to the bins it lies in. */
export function addStretch(bins: Map<number, number>, { fromMs, toMs }: HeardStretch): void {
  for (let bin = Math.floor(fromMs / BIN_MS); bin * BIN_MS < toMs; bin += 1) {
    const inBinMs = Math.min(toMs, (bin + 1) * BIN_MS) - Math.max(fromMs, bin * BIN_MS);
    bins.set(bin, (bins.get(bin) ?? 0) + inBinMs);
  }
}

/** Milliseconds heard within `[fromMs, toMs)`. A bin that is cut is taken to be heard evenly. */
export function heardWithin(heard: HeardByBin, { fromMs, toMs }: HeardStretch): number {
  let sumMs = 0;
  for (let bin = Math.floor(fromMs / BIN_MS); bin * BIN_MS < toMs; bin += 1) {
    const insideMs = Math.min(toMs, (bin + 1) * BIN_MS) - Math.max(fromMs, bin * BIN_MS);
    sumMs += ((heard.get(bin) ?? 0) * insideMs) / BIN_MS;
  }
  return sumMs;
}
