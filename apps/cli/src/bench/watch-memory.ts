import { setTimeout as sleep } from 'node:timers/promises';
import { scrapeMetrics } from './scrape-metrics.js';

/**
 * Memory of one kind, in bytes: the lowest in the first and in the last third of the time watched. Between two collections
 * it rises and falls by half, whatever is kept; what is kept for ever shows in what collections leave.
 */
export interface MemoryTrend {
  readonly first: number;
  readonly last: number;
}

const SAMPLE_MS = 1_000;
const KINDS = { rss: 'process_resident_memory_bytes', heap: 'nodejs_heap_size_used_bytes' } as const;

/** Samples the API's memory once a second until `until` (a time in milliseconds). */
export async function watchMemory(
  origin: string,
  until: number,
): Promise<Record<'rss' | 'heap', MemoryTrend>> {
  const samples: ReadonlyMap<string, number>[] = [];
  while (Date.now() < until) {
    samples.push(await scrapeMetrics(origin));
    await sleep(SAMPLE_MS);
  }
  const third = Math.max(1, Math.floor(samples.length / 3));
  const trend = (name: string): MemoryTrend => {
    const bytes = samples.map((sample) => sample.get(name) ?? Number.NaN);
    return { first: Math.min(...bytes.slice(0, third)), last: Math.min(...bytes.slice(-third)) };
  };
  return { rss: trend(KINDS.rss), heap: trend(KINDS.heap) };
}
