import { DAY_MS } from '@lib/primitives';
import { FOLLOWED_DAYS } from './release-age.js';

/**
 * Whether what was stored of a release is still there: it goes as a whole, once the last of the days for which it was
 * followed is older than its level is kept. Nothing could be added to it then.
 *
 * @param start from when on its age is counted, in UTC milliseconds
 * @param keptFrom from when on the level is kept, of days for curves and of months for totals; null: all of it is
 */
export function releaseKept(start: number, keptFrom: number | null): boolean {
  return keptFrom === null || start + FOLLOWED_DAYS * DAY_MS > keptFrom;
}

/** The last start of the releases that are gone, in UTC milliseconds; null when none is. */
export function lastStartGone(keptFrom: number | null): number | null {
  return keptFrom === null ? null : keptFrom - FOLLOWED_DAYS * DAY_MS;
}
