import { CommandFailed } from '../command.errors.js';
import type { LoginSession } from '../connect-as-login.js';
import { countdown, type IngestWay } from './ingest-ways.js';
import { emptyEvents, storedEvents } from './store-rows.sql.js';

/** What storing into empty tables took. */
export interface StoreReport {
  readonly events: number;
  readonly seconds: number;
  /** Of the partitions and their indexes, afterwards. */
  readonly bytes: number;
}

/**
 * Empties the events, stores new ones in one way and counts them.
 * @throws CommandFailed when there are not as many rows as were acknowledged
 */
export async function storeAndCheck(
  owner: LoginSession,
  way: IngestWay,
  events: number,
): Promise<StoreReport> {
  await emptyEvents(owner);
  const startedAt = performance.now();
  const acknowledged = await way.store(countdown(events, way.size));
  const seconds = (performance.now() - startedAt) / 1_000;
  const stored = await storedEvents(owner);
  if (stored.events !== acknowledged)
    throw new CommandFailed(`${way.name}: ${acknowledged} events acknowledged, ${stored.events} stored`);
  return { ...stored, seconds };
}
