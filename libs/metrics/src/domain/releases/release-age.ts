import { DAY_MS, SLICE_MS } from '@lib/primitives';

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

/** The begin of the 5-minute slice that holds `at`: ages are counted from it. */
export function sliceStart(at: number): number {
  return Math.floor(at / SLICE_MS) * SLICE_MS;
}
