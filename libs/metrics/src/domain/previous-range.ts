import { DAY_MS, type LocalZone } from '@lib/primitives';
import type { CountedRange } from './read-range.js';

/**
 * The range of the same length that ends where `range` begins.
 *
 * When both ends are starts of local days, the length is counted in local days: the week before a change of the clock is
 * a week, although it is an hour longer or shorter. Otherwise it is counted in elapsed time.
 */
export function previousRange(zone: LocalZone, range: CountedRange): CountedRange {
  const [first, end] = [zone.wallTime(range.from), zone.wallTime(range.to)];
  const wholeDays = isDayStart(zone, range.from, first) && isDayStart(zone, range.to, end);
  if (!wholeDays) return { from: range.from - (range.to - range.from), to: range.from };
  const days = Math.floor(end / DAY_MS) - Math.floor(first / DAY_MS);
  return { from: zone.instant((Math.floor(first / DAY_MS) - days) * DAY_MS), to: range.from };
}

function isDayStart(zone: LocalZone, instant: number, wall: number): boolean {
  return zone.instant(Math.floor(wall / DAY_MS) * DAY_MS) === instant;
}
