import { DAY_MS, HOUR_MS, SLICE_MS } from '@lib/primitives';
import type { GrainStretch } from '../cover-with-grains.js';

const WIDTH_MS = { slice: SLICE_MS, hour: HOUR_MS, day: DAY_MS, month: 28 * DAY_MS };

/** How many rollup rows of one metric, level and rule set lie in some stretches at most: what reading them costs. */
export function rowsToRead(stretches: readonly GrainStretch[]): number {
  return stretches.reduce((rows, { grain, from, to }) => rows + Math.ceil((to - from) / WIDTH_MS[grain]), 0);
}
