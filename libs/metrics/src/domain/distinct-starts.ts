import { floorTime } from '@lib/primitives';

/** Starts of the buckets of a width in milliseconds that hold some instants, each once, ascending where they are. */
export function distinctStarts(instants: readonly Date[], width: number): Date[] {
  const starts = new Set(instants.map((at) => floorTime(at, width).getTime()));
  return [...starts].map((start) => new Date(start));
}
