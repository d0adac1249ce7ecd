import type { CommandIo } from '../command-io.js';
import { renderTable } from '../render-table.js';
import type { BenchNetwork } from './create-network.js';
import type { IngestBenchOptions } from './ingest.bench.js';
import { bareInsert, countdown, overHttp, ownerCopy, type IngestWay } from './ingest-ways.js';
import { scrapeMetrics } from './scrape-metrics.js';
import { spread } from './spread.js';
import { storeAndCheck } from './store-and-check.js';
import type { BenchProduct } from './with-bench-product.js';

const WARM_UP_SHARE = 0.25;

/** What the API has done since it started. */
interface ApiWork {
  readonly commits: number;
  readonly cpuSeconds: number;
}

/** Stores events in every way, in rounds that alternate between them, and prints their rates side by side. */
export async function compareWays(
  io: CommandIo,
  product: BenchProduct,
  network: BenchNetwork,
  { events, batch, connections, rounds }: IngestBenchOptions,
): Promise<void> {
  const latenciesMs: number[] = [];
  const http = overHttp(product, network, { size: batch, connections }, { latenciesMs });
  const warmUpEvents = await http.store(countdown(events * WARM_UP_SHARE, batch));
  latenciesMs.length = 0;
  const before = await apiWork(product);
  const group = Math.round(warmUpEvents / before.commits);
  const bare = await bareInsert(product, network, { size: group, connections });
  const ways = [bare, http, ownerCopy(product, network, group)];
  const rates = new Map<IngestWay, number[]>(ways.map((way) => [way, []]));
  try {
    for (let round = 1; round <= rounds; round += 1) {
      for (const way of ways) {
        io.warn(`Round ${round} of ${rounds}: ${way.name} …`);
        const report = await storeAndCheck(product.owner, way, events);
        rates.get(way)?.push(report.events / report.seconds);
      }
    }
  } finally {
    await bare.close();
  }
  io.print(renderRates(rates, bare, io.columns));
  const after = await apiWork(product);
  io.print(describeHttp(latenciesMs, batch, before, after));
}

async function apiWork({ apiOrigin }: BenchProduct): Promise<ApiWork> {
  const metrics = await scrapeMetrics(apiOrigin);
  return {
    commits: metrics.get('ingest_commit_duration_seconds_count') ?? 0,
    cpuSeconds: metrics.get('process_cpu_seconds_total') ?? 0,
  };
}

function renderRates(
  rates: ReadonlyMap<IngestWay, readonly number[]>,
  baseline: IngestWay,
  columns: number,
): string {
  const unit = spread(rates.get(baseline) ?? []).median;
  const rows = Array.from(rates, ([way, perSecond]) => {
    const { median, min, max } = spread(perSecond);
    return [
      Math.round(median).toLocaleString('en'),
      `${Math.round(min).toLocaleString('en')}–${Math.round(max).toLocaleString('en')}`,
      (median / unit).toFixed(2),
      way.name,
    ];
  });
  return renderTable(['events/s', 'min–max', 'ratio', 'way'], rows, columns);
}

function describeHttp(
  latenciesMs: readonly number[],
  batch: number,
  before: ApiWork,
  after: ApiWork,
): string {
  const events = latenciesMs.length * batch;
  const sorted = [...latenciesMs].sort((a, b) => a - b);
  const at = (share: number) => (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(0);
  return [
    `HTTP: ${Math.round(events / (after.commits - before.commits))} events a commit; a request took`,
    `${at(0.5)} ms (p50), ${at(0.95)} ms (p95), ${at(0.99)} ms (p99);`,
    `the API used ${(((after.cpuSeconds - before.cpuSeconds) / events) * 1e6).toFixed(1)} µs of processor an event.`,
  ].join(' ');
}
