import type { CommandIo } from '../command-io.js';
import { renderTable } from '../render-table.js';
import type { BenchNetwork } from './create-network.js';
import type { IngestBenchOptions } from './ingest-bench-options.js';
import { overHttp } from './ingest-ways.js';
import { emptyEvents } from './store-rows.sql.js';
import { watchMemory, type MemoryTrend } from './watch-memory.js';
import type { BenchProduct } from './with-bench-product.js';

/** Loads the API as hard as it will go for some seconds and prints whether its memory grew. */
export async function sustainLoad(
  io: CommandIo,
  product: BenchProduct,
  network: BenchNetwork,
  { batch, connections, seconds }: IngestBenchOptions,
): Promise<void> {
  io.warn(`Sustained load for ${seconds} s …`);
  await emptyEvents(product.owner);
  const until = Date.now() + seconds * 1_000;
  const http = overHttp(product, network, { size: batch, connections });
  const [events, { rss, heap }] = await Promise.all([
    http.store(() => Date.now() < until),
    watchMemory(product.apiOrigin, until),
  ]);
  const rows = [memoryRow('resident', rss), memoryRow('JavaScript heap in use', heap)];
  io.print(
    renderTable(['first third', 'last third', 'ratio', 'memory of the API, lowest'], rows, io.columns),
  );
  io.print(
    `Sustained: ${events.toLocaleString('en')} events in ${seconds} s, ${Math.round(events / seconds)} a second.`,
  );
}

function memoryRow(kind: string, { first, last }: MemoryTrend): string[] {
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
  return [megabytes(first), megabytes(last), (last / first).toFixed(2), kind];
}
