import { DAY_MS } from '@lib/primitives';
import { percentileAmong } from './percentile-among.js';
import { medianOf } from './quantile-of.js';
import { HORIZONS, MOST_PEERS, type Horizon } from './release-age.js';

/** An episode of a show: when it began, and its downloads of one evidence level by horizon. */
export interface Release {
  readonly id: string;
  /** UTC milliseconds. */
  readonly start: number;
  /** Downloads within the days of each of HORIZONS, so far where the horizon has not passed. */
  readonly totals: readonly number[];
}

/** A release at one horizon, beside what the show is used to. */
export interface Benchmark {
  readonly days: Horizon;
  /** Null until the horizon has passed. */
  readonly downloads: number | null;
  /** Among the earlier episodes, from 0 to 1; null with `downloads`, or without earlier episodes. */
  readonly percentile: number | null;
  /** Of the earlier episodes. */
  readonly median: number | null;
  /** How many earlier episodes that are. */
  readonly comparedWith: number;
}

/**
 * Compares a release with its show's earlier ones. At each horizon these are the last 50 episodes, or fewer, that were
 * published before it and whose own horizon has passed.
 *
 * @param history of the same show, in any order; may hold the release itself
 * @param now UTC milliseconds
 */
export function benchmarkRelease(release: Release, history: readonly Release[], now: number): Benchmark[] {
  const earlier = history
    .filter(({ id, start }) => id !== release.id && start < release.start)
    .sort((a, b) => b.start - a.start || a.id.localeCompare(b.id));
  return HORIZONS.map((days, place) => {
    const passed = ({ start }: Release) => start + days * DAY_MS <= now;
    const peers = earlier.filter(passed).slice(0, MOST_PEERS);
    const values = peers.map(({ totals }) => totals[place] ?? 0);
    const downloads = passed(release) ? (release.totals[place] ?? 0) : null;
    return {
      days,
      downloads,
      percentile: downloads === null ? null : percentileAmong(downloads, values),
      median: values.length === 0 ? null : medianOf(values),
      comparedWith: values.length,
    };
  });
}
