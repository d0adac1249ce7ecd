import { DAY_MS } from '@lib/primitives';
import { WIDE_SLICE_MS } from '../retention/kept-rollups.js';

/** Days since publication at which releases are compared. */
export const HORIZONS = [1, 7, 30, 60, 90] as const;
export type Horizon = (typeof HORIZONS)[number];

/** For how many days of 24 hours a release is followed: ages 0 to 365. */
export const FOLLOWED_DAYS = 366;

/** How many earlier episodes of a show one is compared with at most: the last ones. */
export const MOST_PEERS = 50;

/** Whole days of 24 hours that have passed between two instants in UTC milliseconds; negative before `start`. */
export function wholeDays(start: number, now: number): number {
  return Math.floor((now - start) / DAY_MS);
}

/** The begin of the quarter of an hour that holds `at`: ages are counted from it, and slices of old days are as wide. */
export function quarterStart(at: number): number {
  return Math.floor(at / WIDE_SLICE_MS) * WIDE_SLICE_MS;
}
