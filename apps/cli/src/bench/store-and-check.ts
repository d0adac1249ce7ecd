import { CommandFailed } from '../command.errors.js';
import { countdown, type IngestWay } from './ingest-ways.js';
import { PARTIES, processorTime, type ProcessorTime } from './processor-time.js';
import { emptyEvents, storedEvents } from './store-rows.sql.js';
import type { BenchProduct } from './with-bench-product.js';

/** What storing into empty tables took. */
export interface StoreReport {
  readonly events: number;
  readonly seconds: number;
  /** Processor time for all of them. */
  readonly used: ProcessorTime;
  /** Of the partitions and their indexes, afterwards. */
  readonly bytes: number;
}

/**
 * Empties the events, stores new ones in one way and counts them.
 * @throws CommandFailed when there are not as many rows as were acknowledged
 */
export async function storeAndCheck(
  product: BenchProduct,
  way: IngestWay,
  events: number,
): Promise<StoreReport> {
  await emptyEvents(product.owner);
  const before = await processorTime(product);
  const startedAt = performance.now();
  const acknowledged = await way.store(countdown(events, way.size));
  const seconds = (performance.now() - startedAt) / 1_000;
  const after = await processorTime(product);
  const stored = await storedEvents(product.owner);
  if (stored.events !== acknowledged)
    throw new CommandFailed(`${way.name}: ${acknowledged} events acknowledged, ${stored.events} stored`);
  const used = Object.fromEntries(PARTIES.map((party) => [party, after[party] - before[party]]));
  return { ...stored, seconds, used: used as Record<(typeof PARTIES)[number], number> };
}
