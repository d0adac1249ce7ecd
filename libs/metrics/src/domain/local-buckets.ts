import { DAY_MS, HOUR_MS, type LocalZone, MINUTE_MS, type WallTime } from '@lib/primitives';

/** Widths of a series, finest first. */
export const INTERVALS = ['hour', 'day', 'week', 'month'] as const;
export type Interval = (typeof INTERVALS)[number];

/** Every offset in use since 2000 is a multiple of this, and clocks are only changed on it or within a running hour. */
const OFFSET_GRID_MS = 15 * MINUTE_MS;

/**
 * Cuts `[from, to)` at the local clock and returns the start of each bucket in UTC milliseconds; the last ends at `to`.
 *
 * - `hour`: wherever the local clock shows a full hour. Both hours of a repeated one are buckets of their own; an hour
 *   in which the clock is changed by half an hour (Lord Howe) is 90 minutes long.
 * - `day`: local midnight, or the instant at which a skipped midnight is passed: 23, 24 or 25 hours, on Lord Howe 23.5
 *   or 24.5.
 * - `week`: Monday (ISO 8601). `month`: the first.
 *
 * The first bucket starts at `from`, so it is shorter than the others unless `from` is such a start. Every instant of
 * the range is in exactly one bucket. Stops after `limit` buckets.
 */
export function localBuckets(
  zone: LocalZone,
  interval: Interval,
  from: number,
  to: number,
  limit: number,
): number[] {
  const starts = [from];
  let last = from;
  for (const start of interval === 'hour' ? fullHours(zone, from) : calendarStarts(zone, interval, from)) {
    if (start >= to || starts.length >= limit) break;
    // Not later: the zone skipped a whole day, or `from` lies in a stretch that the clock shows for the second time.
    if (start <= last) continue;
    starts.push(start);
    last = start;
  }
  return starts;
}

/**
 * What to ask for instead of too many buckets, in words: the next coarser interval that fits, or a shorter range.
 *
 * @param rangeMs length of the range, at most ten years: weeks always fit then
 */
export function affordableAlternative(interval: Interval, rangeMs: number, limit: number): string {
  const coarser = INTERVALS.slice(INTERVALS.indexOf(interval) + 1);
  const fitting = coarser.find((wider) => rangeMs / usualLength(wider) < limit - 2);
  const days = Math.floor(((limit - 2) * usualLength(interval)) / DAY_MS);
  const shorter = `a range of at most ${days} days with interval=${interval}`;
  return fitting === undefined ? `ask for ${shorter}` : `ask for interval=${fitting} or for ${shorter}`;
}

function usualLength(interval: Interval): number {
  return { hour: HOUR_MS, day: DAY_MS, week: 7 * DAY_MS, month: 30 * DAY_MS }[interval];
}

function* fullHours(zone: LocalZone, from: number): Generator<number> {
  let [start, offset] = [from, zone.offset(from)];
  for (;;) {
    const onTime = start + HOUR_MS - modulo(start + offset, HOUR_MS);
    const offsetThen = zone.offset(onTime);
    start = offsetThen === offset ? onTime : fullHourAfterChange(zone, start);
    offset = zone.offset(start);
    yield start;
  }
}

function fullHourAfterChange(zone: LocalZone, start: number): number {
  let next = start - modulo(start, OFFSET_GRID_MS) + OFFSET_GRID_MS;
  while (modulo(next + zone.offset(next), HOUR_MS) !== 0) next += OFFSET_GRID_MS;
  return next;
}

function* calendarStarts(zone: LocalZone, interval: Interval, from: number): Generator<number> {
  let wall = startOfPeriod(zone.wallTime(from), interval);
  for (;;) {
    wall = nextPeriod(wall, interval);
    yield zone.instant(wall);
  }
}

function startOfPeriod(wall: WallTime, interval: Interval): WallTime {
  const midnight = wall - modulo(wall, DAY_MS);
  const date = new Date(midnight);
  if (interval === 'week') return midnight - ((date.getUTCDay() + 6) % 7) * DAY_MS;
  if (interval === 'month') return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
  return midnight;
}

function nextPeriod(wall: WallTime, interval: Interval): WallTime {
  const date = new Date(wall);
  if (interval === 'month') return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
  return wall + usualLength(interval);
}

function modulo(value: number, divisor: number): number {
  return ((value % divisor) + divisor) % divisor;
}
