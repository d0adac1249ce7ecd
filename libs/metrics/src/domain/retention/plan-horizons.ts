import { DAY_MS } from '@lib/primitives';
import type { Grain } from '../grain-stretch.js';
import type { KeptRollups } from './kept-rollups.js';

/** What a tenant has stored, as far as retention looks at it. Instants are UTC milliseconds; null is none. */
export interface StoredRollups {
  readonly kept: KeptRollups;
  /** Where raw events begin, once no refresh that knew an earlier instant can still be running. */
  readonly frozenUntil: number | null;
  /** The oldest bucket on which work waits, of whatever kind. */
  readonly oldestMark: number | null;
  /** The first bucket of each grain. */
  readonly oldest: Readonly<Record<Grain, number | null>>;
}

const GRAINS = ['slice', 'hour', 'day', 'month'] as const;

/**
 * Says from when on each grain is to be kept. What it takes away can change no number that stays:
 *
 * - only buckets go whose raw events are gone, so that nothing will ever be summed from them again;
 * - none goes while a mark waits on it or before it;
 * - each grain ends with the finer one at the latest, days and months on the first of a month: a month then has all of its
 *   days or none.
 *
 * An instant only moves where it takes rows away, so that nobody is refused what never was.
 *
 * @param days for how many days each grain is kept
 */
export function planHorizons(
  { kept, frozenUntil, oldestMark, oldest }: StoredRollups,
  days: Readonly<Record<Grain, number>>,
  now: number,
): KeptRollups {
  let limit = Math.min(frozenUntil ?? -Infinity, oldestMark ?? Infinity);
  const planned: Record<Grain, number | null> = { ...kept };
  for (const grain of GRAINS) {
    limit = startOf(grain, Math.min(limit, now - days[grain] * DAY_MS));
    const first = oldest[grain];
    if (first !== null && first < limit) planned[grain] = Math.max(limit, kept[grain] ?? limit);
  }
  return { ...planned, quartersUntil: kept.quartersUntil };
}

function startOf(grain: Grain, at: number): number {
  if (!Number.isFinite(at)) return at;
  const midnight = Math.floor(at / DAY_MS) * DAY_MS;
  if (grain === 'slice' || grain === 'hour') return midnight;
  const date = new Date(midnight);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
}
