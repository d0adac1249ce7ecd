import { DAY_MS, HOUR_MS } from '@lib/primitives';
import { BASELINE_WEEKS } from './judge-level.js';

const WEEK_MS = 7 * DAY_MS;
/** Log files of a day may take so long to come in: before, too few downloads mean nothing. */
const ARRIVAL_MS = 12 * HOUR_MS;

/** How much of a UTC day can be judged at an instant, both in UTC milliseconds. */
export interface Judgeable {
  /** Whole hours of the day that have passed. */
  readonly hours: number;
  /** Whether the day is long enough over for what is missing to be missing. */
  readonly final: boolean;
}

/** See {@link Judgeable}. Undefined where not even an hour has passed. */
export function judgeable(day: number, now: number): Judgeable | undefined {
  const hours = Math.min(24, Math.floor((now - day) / HOUR_MS));
  return hours < 1 ? undefined : { hours, final: now >= day + DAY_MS + ARRIVAL_MS };
}

/** The same weekday in the 8 weeks before, ascending. */
export function daysBefore(day: number): number[] {
  return Array.from({ length: BASELINE_WEEKS }, (_, n) => day - (BASELINE_WEEKS - n) * WEEK_MS);
}

/** The days that compare themselves with this one: the same weekday in the 8 weeks after. */
export function daysAfter(day: number): number[] {
  return Array.from({ length: BASELINE_WEEKS }, (_, n) => day + (n + 1) * WEEK_MS);
}
