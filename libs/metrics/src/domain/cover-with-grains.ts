import { DAY_MS, HOUR_MS, SLICE_MS } from '@lib/primitives';
import type { Grain, GrainStretch } from './grain-stretch.js';
import { sliceWidth, type KeptRollups } from './retention/kept-rollups.js';
import { requireKept, requireSliceBorders } from './retention/require-kept.js';

export type { Grain, GrainStretch };

/**
 * Says which rollup rows add up to each bucket, reading as few as possible: whole UTC months from `month` rows,
 * whole UTC days before and after them from `day` rows, what is left of whole UTC hours from `hour` rows, the rest from
 * slices. UTC days need one row a day, days in Berlin 24 hours, days in Kolkata 23 hours and 12 slices.
 *
 * @param starts ascending starts of the buckets, multiples of 5 minutes; the last bucket ends at `to`
 * @returns ascending stretches that cover `[starts[0], to)` without gap or overlap. No stored row lies across the border
 *   of two buckets, so a row belongs to the bucket that holds its start.
 * @throws DomainError `before_slice_horizon`, `before_hour_horizon`, `before_day_horizon`, `before_month_horizon` or
 *   `unaligned_range` (400) where retention has removed what it takes
 */
export function coverWithGrains(starts: readonly number[], to: number, kept: KeptRollups): GrainStretch[] {
  requireSliceBorders(starts, to, kept);
  const stretches: GrainStretch[] = [];
  starts.forEach((start, index) => {
    for (const stretch of coverBucket(start, starts[index + 1] ?? to)) append(stretches, stretch);
  });
  requireKept(stretches, kept);
  return stretches;
}

/**
 * Rollup rows, as few as possible, that count everything of `[from, to)` and as little else as what retention has left
 * allows: for costs, which may be higher than they are and never lower. Bounds may be any instants.
 */
export function coverAtLeast(from: number, to: number, kept: KeptRollups): GrainStretch[] {
  const low = keptBorder(from, kept, floors, Math.floor);
  const high = keptBorder(to, kept, ceilings, Math.ceil);
  return coverBucket(low, high).filter((stretch) => stretch.from < stretch.to);
}

/** The next border, in the direction of `round`, of the finest rows that are kept there. */
function keptBorder(
  at: number,
  kept: KeptRollups,
  bordersOf: typeof floors,
  round: (value: number) => number,
): number {
  const isGone = (grain: Grain) => kept[grain] !== null && at < kept[grain];
  if (isGone('day')) return bordersOf.month(at);
  if (isGone('hour')) return bordersOf.day(at);
  if (isGone('slice')) return bordersOf.hour(at);
  const width = sliceWidth(at, kept);
  return round(at / width) * width;
}

function coverBucket(from: number, to: number): GrainStretch[] {
  return cover(['month', 'day', 'hour'], from, to);
}

/** Whole units of the first grain; what lies before and after them, in the finer ones. */
function cover(
  [grain, ...finer]: readonly Exclude<Grain, 'slice'>[],
  from: number,
  to: number,
): GrainStretch[] {
  if (grain === undefined) return [{ grain: 'slice', from, to }];
  if (to - from < SHORTEST_MS[grain]) return cover(finer, from, to);
  const [first, last] = [ceilings[grain](from), floors[grain](to)];
  if (first >= last) return cover(finer, from, to);
  return [...cover(finer, from, first), { grain, from: first, to: last }, ...cover(finer, last, to)];
}

const SHORTEST_MS = { month: 28 * DAY_MS, day: DAY_MS, hour: HOUR_MS };

const floors = {
  month: (at: number) => startOfMonth(at, 0),
  day: (at: number) => Math.floor(at / DAY_MS) * DAY_MS,
  hour: (at: number) => Math.floor(at / HOUR_MS) * HOUR_MS,
};

const ceilings = {
  month: (at: number) => (startOfMonth(at, 0) === at ? at : startOfMonth(at, 1)),
  day: (at: number) => Math.ceil(at / DAY_MS) * DAY_MS,
  hour: (at: number) => Math.ceil(at / HOUR_MS) * HOUR_MS,
};

function startOfMonth(at: number, later: number): number {
  const date = new Date(at);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + later, 1);
}

function append(stretches: GrainStretch[], next: GrainStretch): void {
  if (next.from === next.to) return;
  const last = stretches[stretches.length - 1];
  if (last?.grain === next.grain) stretches[stretches.length - 1] = { ...last, to: next.to };
  else stretches.push(next);
}

/** True when an instant is the border of two slices: only then can counts be cut there. */
export function isSliceBorder(instant: number): boolean {
  return instant % SLICE_MS === 0;
}
