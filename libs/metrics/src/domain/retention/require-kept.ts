import type { Grain, GrainStretch } from '../grain-stretch.js';
import { beforeRollupHorizon, unalignedRange } from '../metrics.errors.js';
import { sliceWidth, type KeptRollups } from './kept-rollups.js';

/** What to ask for where a grain is gone, in words; null where nothing coarser is there. */
const INSTEAD: Record<Grain, string | null> = {
  slice: 'begin and end on full hours of UTC, in a time zone that is off by whole hours',
  hour: 'ask for whole UTC days, with timeZone=UTC',
  day: 'ask for whole UTC months, with timeZone=UTC',
  month: null,
};

/**
 * Refuses rows that retention has removed: an answer without them would be wrong.
 * @throws DomainError `before_slice_horizon`, `before_hour_horizon`, `before_day_horizon`, `before_month_horizon` (400)
 */
export function requireKept(stretches: readonly GrainStretch[], kept: KeptRollups): void {
  for (const { grain, from } of stretches) {
    const keptFrom = kept[grain];
    if (keptFrom !== null && from < keptFrom) throw beforeRollupHorizon(grain, keptFrom, INSTEAD[grain]);
  }
}

/**
 * Refuses a border that lies within a slice: of old days, slices are 15 minutes wide.
 * @param starts of buckets, the last of which ends at `to`
 * @throws DomainError `unaligned_range` (400)
 */
export function requireSliceBorders(starts: readonly number[], to: number, kept: KeptRollups): void {
  for (const border of [...starts, to]) {
    const width = sliceWidth(border, kept);
    if (border % width === 0) continue;
    throw unalignedRange(border === to ? 'to' : 'from', border, Math.round(border / width) * width, width);
  }
}
