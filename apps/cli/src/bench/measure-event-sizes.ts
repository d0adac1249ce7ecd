import type { CommandIo } from '../command-io.js';
import { renderTable } from '../render-table.js';
import type { BenchNetwork } from './create-network.js';
import type { IngestBenchOptions } from './ingest-bench-options.js';
import { overHttp } from './ingest-ways.js';
import { storeAndCheck } from './store-and-check.js';
import type { BenchProduct } from './with-bench-product.js';

const EVENTS = 50_000;
const BUDGET_BYTES = 200;

/** Stores events of one kind after the other and prints how many bytes each takes, its share of the index included. */
export async function measureEventSizes(
  io: CommandIo,
  product: BenchProduct,
  network: BenchNetwork,
  { events, batch, connections }: IngestBenchOptions,
): Promise<void> {
  const rows: string[][] = [];
  for (const mix of ['play', 'download_request', 'mixed'] as const) {
    const http = overHttp(product, network, { size: batch, connections }, undefined, mix);
    const report = await storeAndCheck(product, http, Math.min(events, EVENTS));
    const bytes = report.bytes / report.events;
    rows.push([bytes.toFixed(0), (bytes / BUDGET_BYTES).toFixed(2), mix]);
  }
  io.print(renderTable(['bytes an event', `of ${BUDGET_BYTES}`, 'kind, with its index'], rows, io.columns));
}
