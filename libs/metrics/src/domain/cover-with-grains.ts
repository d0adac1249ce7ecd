import { DAY_MS, HOUR_MS, SLICE_MS } from '@lib/primitives';

/** Widths at which rollups are stored: 5 minutes, 1 hour and 1 day, all in UTC. */
export type Grain = 'slice' | 'hour' | 'day';

/** A stretch `[from, to)` in UTC milliseconds that is to be read from rows of one grain. */
export interface GrainStretch {
  readonly grain: Grain;
  readonly from: number;
  readonly to: number;
}

/**
 * Says which rollup rows add up to each bucket, reading as few as possible: whole UTC days from `day` rows, what is
 * left of whole UTC hours from `hour` rows, the rest from slices. UTC days need one row a day, days in Berlin 24 hours,
 * days in Kolkata 23 hours and 12 slices.
 *
 * @param starts ascending starts of the buckets, multiples of 5 minutes; the last bucket ends at `to`
 * @returns ascending stretches that cover `[starts[0], to)` without gap or overlap. No stored row lies across the border
 *   of two buckets, so a row belongs to the bucket that holds its start.
 */
export function coverWithGrains(starts: readonly number[], to: number): GrainStretch[] {
  const stretches: GrainStretch[] = [];
  starts.forEach((start, index) => {
    for (const stretch of coverBucket(start, starts[index + 1] ?? to)) append(stretches, stretch);
  });
  return stretches;
}

function coverBucket(from: number, to: number): GrainStretch[] {
  return split('hour', HOUR_MS, from, to).flatMap((part) =>
    part.grain === 'hour' ? split('day', DAY_MS, part.from, part.to) : [part],
  );
}

/** Splits a stretch into its whole units of `grain` and the finer remainders before and after them. */
function split(grain: 'hour' | 'day', width: number, from: number, to: number): GrainStretch[] {
  const finer = grain === 'day' ? 'hour' : 'slice';
  const first = Math.ceil(from / width) * width;
  const last = Math.floor(to / width) * width;
  if (first >= last) return [{ grain: finer, from, to }];
  return [
    { grain: finer, from, to: first },
    { grain, from: first, to: last },
    { grain: finer, from: last, to },
  ];
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
