import { DAY_MS } from '@lib/primitives';

/** The number of the UTC day that holds an instant, counted from 1970-01-01. */
export function utcDay(atMs: number): number {
  return Math.floor(atMs / DAY_MS);
}
