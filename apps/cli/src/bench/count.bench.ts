import type { CommandIo } from '../command-io.js';
import { countHistory } from './count-history.js';
import { countInMemory } from './count-in-memory.js';
import { createNetwork } from './create-network.js';
import { ingestBesideRecount } from './ingest-beside-recount.js';
import { parseLogs } from './parse-logs.js';
import { withBenchProduct } from './with-bench-product.js';

/** How much `bench count` measures. */
export interface CountBenchOptions {
  readonly requests: number;
  readonly days: number;
  /** Length of each measurement of events beside a recount; 0 leaves it out. */
  readonly seconds: number;
}

const EPISODES = 200;

/**
 * Measures how fast lines of logs are read and requests counted, in memory and from the database, and what a recount
 * costs the events that come in meanwhile. Each figure stands beside a baseline of the same run.
 */
export async function benchCount(io: CommandIo, options: CountBenchOptions): Promise<void> {
  io.warn('Reading lines of logs …');
  io.print(parseLogs(io.columns));
  io.warn('Counting in memory …');
  io.print(countInMemory(io.columns));
  await withBenchProduct(io, async (product) => {
    const network = await createNetwork(product, EPISODES);
    const firstDay = await countHistory(io, product, network, options);
    if (options.seconds > 0) await ingestBesideRecount(io, product, network, firstDay, options.seconds);
  });
}
