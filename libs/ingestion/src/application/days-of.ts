import { DAY_MS, floorTime } from '@lib/primitives';

/** The UTC days on which some instants lie, each once. */
export function daysOf(times: readonly Date[]): Date[] {
  return [...new Set(times.map((at) => floorTime(at, DAY_MS).getTime()))].map((ms) => new Date(ms));
}
