import type { CommandIo } from '../command-io.js';
import { renderTable } from '../render-table.js';
import type { BenchNetwork } from './create-network.js';
import type { IngestBenchOptions } from './ingest-bench-options.js';
import { bareInsert, countdown, overHttp, ownerCopy, type IngestWay } from './ingest-ways.js';
import { PARTIES, processorTime, type ProcessorTime } from './processor-time.js';
import { scrapeMetrics } from './scrape-metrics.js';
import { spread } from './spread.js';
import { storeAndCheck } from './store-and-check.js';
import type { BenchProduct } from './with-bench-product.js';

const WARM_UP_SHARE = 0.25;

/** One way in one round. */
interface Measurement {
  readonly perSecond: number;
  /** Microseconds of processor time an event. */
  readonly micros: ProcessorTime;
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
  const group = Math.round(warmUpEvents / (await commits(product)));
  const bare = await bareInsert(product, network, { size: group, connections });
  const ways = [bare, http, ownerCopy(product, network, group)];
  const measured = new Map<IngestWay, Measurement[]>(ways.map((way) => [way, []]));
  try {
    for (let round = 1; round <= rounds; round += 1) {
      for (const way of ways) {
        io.warn(`Round ${round} of ${rounds}: ${way.name} …`);
        measured.get(way)?.push(await measure(product, way, events));
      }
    }
  } finally {
    await bare.close();
  }
  io.print(renderRates(measured, bare, io.columns));
  io.print(renderProcessorTime(measured, bare, io.columns));
  io.print(`HTTP: ${describeLatencies(latenciesMs)}.`);
}

async function commits({ apiOrigin }: BenchProduct): Promise<number> {
  return (await scrapeMetrics(apiOrigin)).get('ingest_commit_duration_seconds_count') ?? Number.NaN;
}

async function measure(product: BenchProduct, way: IngestWay, wanted: number): Promise<Measurement> {
  const before = await processorTime(product);
  const { events, seconds } = await storeAndCheck(product.owner, way, wanted);
  const after = await processorTime(product);
  const micros = (party: keyof ProcessorTime) => ((after[party] - before[party]) / events) * 1e6;
  return {
    perSecond: events / seconds,
    micros: { postgres: micros('postgres'), api: micros('api'), client: micros('client') },
  };
}

type Measured = ReadonlyMap<IngestWay, readonly Measurement[]>;

function renderRates(measured: Measured, baseline: IngestWay, columns: number): string {
  const rates = (way: IngestWay) => spread((measured.get(way) ?? []).map(({ perSecond }) => perSecond));
  const whole = (value: number) => Math.round(value).toLocaleString('en');
  const rows = [...measured.keys()].map((way) => {
    const { median, min, max } = rates(way);
    const ratio = (median / rates(baseline).median).toFixed(2);
    return [whole(median), `${whole(min)}–${whole(max)}`, ratio, way.name];
  });
  return renderTable(['events/s', 'min–max', 'ratio', 'way'], rows, columns);
}

/** Processor time hardly depends on what else the machine does: its ratio is what the rates would have on a quiet one. */
function renderProcessorTime(measured: Measured, baseline: IngestWay, columns: number): string {
  const median = (way: IngestWay, micros: (time: ProcessorTime) => number) =>
    spread((measured.get(way) ?? []).map((each) => micros(each.micros))).median;
  const total = (time: ProcessorTime) => time.postgres + time.api + time.client;
  const rows = [...measured.keys()].map((way) => [
    ...PARTIES.map((party) => median(way, (time) => time[party]).toFixed(1)),
    median(way, total).toFixed(1),
    (median(baseline, total) / median(way, total)).toFixed(2),
    way.name,
  ]);
  return renderTable([...PARTIES, 'all', 'ratio', 'µs of processor an event'], rows, columns);
}

function describeLatencies(latenciesMs: readonly number[]): string {
  const sorted = [...latenciesMs].sort((a, b) => a - b);
  const at = (share: number) => `${(sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(0)} ms`;
  return `a request took ${at(0.5)} (p50), ${at(0.95)} (p95), ${at(0.99)} (p99)`;
}
