import { countRequests, DEFAULT_COUNTING_RULES, type DownloadRequest } from '@lib/ingestion';
import { DAY_MS, floorTime } from '@lib/primitives';
import { renderTable } from '../render-table.js';
import { sampleRequests } from './sample-requests.js';
import { spread } from './spread.js';

const REQUESTS = 200_000;
const ROUNDS = 5;
const SIZES = { fileBytes: 28_800_000, headerBytes: 300_000, durationSeconds: 1_800 };

/** How fast the pure function counts requests, beside a loop that only groups the same requests by episode. */
export function countInMemory(columns: number): string {
  const day = floorTime(new Date(), DAY_MS).getTime();
  const requests = sampleRequests(REQUESTS, day);
  const episodes = new Map(requests.map(({ episode }) => [episode ?? '', SIZES]));
  const input = { requests, episodes, untilMs: day + DAY_MS };
  const counting = medianMs(() => countRequests(input, DEFAULT_COUNTING_RULES));
  const grouping = medianMs(() => groupByEpisode(requests));
  const perSecond = (ms: number) => Math.round((1_000 * REQUESTS) / ms).toLocaleString('en');
  return renderTable(
    ['requests a second', 'time / grouping', 'in memory, one core'],
    [
      [perSecond(counting), (counting / grouping).toFixed(1), 'counted by every rule'],
      [perSecond(grouping), '1.0', 'grouped by episode'],
    ],
    columns,
  );
}

function medianMs(work: () => unknown): number {
  const elapsed: number[] = [];
  for (let n = 0; n < ROUNDS; n += 1) {
    const startedAt = performance.now();
    work();
    elapsed.push(performance.now() - startedAt);
  }
  return spread(elapsed).median;
}

function groupByEpisode(requests: readonly DownloadRequest[]): Map<string | null, number> {
  const counts = new Map<string | null, number>();
  for (const { episode } of requests) counts.set(episode, (counts.get(episode) ?? 0) + 1);
  return counts;
}
