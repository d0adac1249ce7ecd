import { floorTime } from '@lib/primitives';

/**
 * The half-open windows that buckets of `sizeMs` make up, ascending: neighbours are joined, up to `maxMs` each. Instants
 * stand for the bucket that they lie in, in any order and any number of times.
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
    if (last?.to.getTime() === start && end.getTime() - last.from.getTime() <= maxMs) last.to = end;
    else windows.push({ from: new Date(start), to: end });
  }
  return windows;
}
