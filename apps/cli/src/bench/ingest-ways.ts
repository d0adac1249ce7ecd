import { connectAsLogin } from '../connect-as-login.js';
import type { BenchNetwork } from './create-network.js';
import { EventRows } from './event-rows.js';
import { postEvents } from './post-events.js';
import { RequestBatch } from './request-batch.js';
import { sampleEvent, type SampleEvent, type SampleMix } from './sample-events.js';
import { copyRows, insertRows } from './store-rows.sql.js';
import type { BenchProduct } from './with-bench-product.js';

/** One way of storing events. */
export interface IngestWay {
  readonly name: string;
  /** Events of one pack. */
  readonly size: number;
  /** Stores packs of new events for as long as `more`, asked before each pack, says so. Returns how many events. */
  store(more: () => boolean): Promise<number>;
  close(): Promise<void>;
}

/** How events are packed and how many packs are under way at a time. */
export interface Packing {
  readonly size: number;
  readonly connections: number;
}

/** True for as many packs of `size` as `events` need. */
export function countdown(events: number, size: number): () => boolean {
  let packs = Math.ceil(events / size);
  return () => packs-- > 0;
}

/** What requests went through, added up over every call of `store`. */
export interface HttpLog {
  /** Time to answer of each request that was not refused. */
  latenciesMs: number[];
  /** Answers of 503. */
  refused: number;
}

/** Through the API: requests of `size` events. */
export function overHttp(
  { apiOrigin }: BenchProduct,
  { key, episodeIds }: BenchNetwork,
  { size, connections }: Packing,
  log: HttpLog = { latenciesMs: [], refused: 0 },
  mix: SampleMix = 'mixed',
): IngestWay {
  const packs = eventPacks(episodeIds, { size, connections }, mix);
  const batches = packs.map((events) => new RequestBatch(events));
  return {
    name: `HTTP, ${connections} connections, ${size} events a request`,
    size,
    store: async (more) => {
      const report = await postEvents({ origin: apiOrigin, key }, batches, more);
      log.latenciesMs.push(...report.latenciesMs);
      log.refused += report.refused;
      return report.acknowledged;
    },
    close: () => Promise.resolve(),
  };
}

/** The bare client: sessions of `podcast_app`, transactions of `size` events, one INSERT each. */
export async function bareInsert(
  { settings }: BenchProduct,
  { tenantId, episodeIds }: BenchNetwork,
  { size, connections }: Packing,
): Promise<IngestWay> {
  const packs = eventPacks(episodeIds, { size, connections }, 'mixed');
  const rows = packs.map((events) => new EventRows(tenantId, events));
  const sessions = await Promise.all(rows.map(() => connectAsLogin(settings.databaseUrl)));
  return {
    name: `bare client, ${connections} connections, ${size} events a transaction`,
    size,
    store: async (more) => {
      let stored = 0;
      const work = sessions.map(async (session, index) => {
        for (let pack = rows[index]; pack !== undefined && more(); stored += size)
          await insertRows(session, tenantId, pack);
      });
      await Promise.all(work);
      return stored;
    },
    close: async () => {
      await Promise.all(sessions.map((session) => session.end()));
    },
  };
}

/** COPY by the superuser: one session, `size` rows a statement. */
export function ownerCopy(
  { owner }: BenchProduct,
  { tenantId, episodeIds }: BenchNetwork,
  size: number,
): IngestWay {
  const [events = []] = eventPacks(episodeIds, { size, connections: 1 }, 'mixed');
  const rows = new EventRows(tenantId, events);
  return {
    name: `COPY as superuser, 1 connection, ${size} rows each`,
    size,
    store: async (more) => {
      let stored = 0;
      for (; more(); stored += size) await copyRows(owner, rows);
      return stored;
    },
    close: () => Promise.resolve(),
  };
}

/** A pack of sample events for each connection, all different. */
function eventPacks(
  episodeIds: readonly string[],
  { size, connections }: Packing,
  mix: SampleMix,
): SampleEvent[][] {
  return Array.from({ length: connections }, (_, pack) =>
    Array.from({ length: size }, (_, n) => sampleEvent(pack * size + n, episodeIds, mix)),
  );
}
