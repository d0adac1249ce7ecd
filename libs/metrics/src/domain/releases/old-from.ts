import { DAY_MS, HOUR_MS } from '@lib/primitives';
import type { KeptRollups } from '../retention/kept-rollups.js';

/** To what the moment at which an episode has reached an age is rounded up, finest first. */
export const AGE_STEPS = ['quarter_hour', 'hour', 'day'] as const;
export type AgeStep = (typeof AGE_STEPS)[number];

/**
 * From when on an episode counts as old: from the quarter of an hour at which it has reached an age, or, where retention has
 * removed the counts that would tell downloads before and after it apart, from the next full UTC hour or UTC day.
 *
 * @param reachedAt UTC milliseconds
 */
export function oldFrom(
  reachedAt: number,
  kept: Pick<KeptRollups, 'slice' | 'hour'>,
): { at: number; step: AgeStep } {
  const hour = Math.ceil(reachedAt / HOUR_MS) * HOUR_MS;
  if (hour === reachedAt || reachedAt >= (kept.slice ?? -Infinity)) return byHour(reachedAt, kept);
  return byHour(hour, kept, 'hour');
}

function byHour(
  at: number,
  kept: Pick<KeptRollups, 'hour'>,
  step: AgeStep = 'quarter_hour',
): { at: number; step: AgeStep } {
  const day = Math.ceil(at / DAY_MS) * DAY_MS;
  return day === at || at >= (kept.hour ?? -Infinity) ? { at, step } : { at: day, step: 'day' };
}
