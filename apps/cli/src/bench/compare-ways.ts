import type { CommandIo } from '../command-io.js';
import { renderTable } from '../render-table.js';
import type { BenchNetwork } from './create-network.js';
import type { IngestBenchOptions } from './ingest-bench-options.js';
import { bareInsert, countdown, overHttp, ownerCopy, type HttpLog, type IngestWay } from './ingest-ways.js';
import { PARTIES } from './processor-time.js';
import { scrapeMetrics } from './scrape-metrics.js';
import { spread, type Spread } from './spread.js';
import { storeAndCheck, type StoreReport } from './store-and-check.js';
import type { BenchProduct } from './with-bench-product.js';

const WARM_UP_SHARE = 0.25;

/** Stores events in every way, in rounds that alternate between them, and prints their rates side by side. */
export async function compareWays(
  io: CommandIo,
  product: BenchProduct,
  network: BenchNetwork,
  { events, batch, connections, rounds }: IngestBenchOptions,
): Promise<void> {
  const log: HttpLog = { latenciesMs: [], refused: 0 };
  const http = overHttp(product, network, { size: batch, connections }, log);
  const warmUpEvents = await http.store(countdown(events * WARM_UP_SHARE, batch));
  log.latenciesMs.length = 0;
  const group = Math.round(warmUpEvents / (await commits(product)));
  const bare = await bareInsert(product, network, { size: group, connections });
  const ways = [bare, http, ownerCopy(product, network, group)];
  const measured = new Map<IngestWay, StoreReport[]>(ways.map((way) => [way, []]));
  try {
    for (let round = 1; round <= rounds; round += 1) {
      for (const way of ways) {
        io.warn(`Round ${round} of ${rounds}: ${way.name} …`);
        measured.get(way)?.push(await storeAndCheck(product, way, events));
      }
    }
  } finally {
    await bare.close();
  }
  io.print(renderRates(measured, bare, io.columns));
  io.print(renderProcessorTime(measured, bare, io.columns));
  io.print(`HTTP: ${describeLatencies(log)}.`);
}

async function commits({ apiOrigin }: BenchProduct): Promise<number> {
  return (await scrapeMetrics(apiOrigin)).get('ingest_commit_duration_seconds_count') ?? Number.NaN;
}

type Measured = ReadonlyMap<IngestWay, readonly StoreReport[]>;

function spreadOf(measured: Measured, way: IngestWay, pick: (report: StoreReport) => number): Spread {
  return spread((measured.get(way) ?? []).map(pick));
}

function renderRates(measured: Measured, baseline: IngestWay, columns: number): string {
  const rates = (way: IngestWay) => spreadOf(measured, way, ({ events, seconds }) => events / seconds);
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
  const micros = (way: IngestWay, parties: readonly (typeof PARTIES)[number][]) =>
    spreadOf(
      measured,
      way,
      ({ events, used }) => (parties.reduce((sum, party) => sum + used[party], 0) / events) * 1e6,
    ).median;
  const rows = [...measured.keys()].map((way) => [
    ...PARTIES.map((party) => micros(way, [party]).toFixed(1)),
    micros(way, PARTIES).toFixed(1),
    (micros(baseline, PARTIES) / micros(way, PARTIES)).toFixed(2),
    way.name,
  ]);
  return renderTable([...PARTIES, 'all', 'ratio', 'µs of processor an event'], rows, columns);
}

function describeLatencies({ latenciesMs, refused }: HttpLog): string {
  const sorted = [...latenciesMs].sort((a, b) => a - b);
  const at = (share: number) => `${(sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(0)} ms`;
  return `a request took ${at(0.5)} (p50), ${at(0.95)} (p95), ${at(0.99)} (p99); ${refused} were refused with 503 and sent again`;
}
