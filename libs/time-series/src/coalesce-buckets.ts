import { floorTime } from '@lib/primitives';

/**
 * The fewest half-open windows, ascending and of at most `maxMs` each, that cover some buckets of `sizeMs`. Instants stand
 * for the bucket that they lie in, in any order and any number of times. A window may cover others between them: of those
 * nothing is computed that did not change, while every window costs a call.
 */
export function coalesceBuckets(
  instants: readonly Date[],
  sizeMs: number,
  maxMs: number,
): { from: Date; to: Date }[] {
  const starts = [...new Set(instants.map((instant) => floorTime(instant, sizeMs).getTime()))].sort(
    (a, b) => a - b,
  );
  const windows: { from: Date; to: Date }[] = [];
  for (const start of starts) {
    const last = windows.at(-1);
    const end = new Date(start + sizeMs);
    if (last !== undefined && end.getTime() - last.from.getTime() <= maxMs) last.to = end;
    else windows.push({ from: new Date(start), to: end });
  }
  return windows;
}
