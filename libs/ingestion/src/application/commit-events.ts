import { tenantContext, type RolePool, type Sql } from '@lib/database';
import { floorTime, SLICE_MS, type TenantId } from '@lib/primitives';
import { appendMark } from '@lib/time-series';
import { LRUCache } from 'lru-cache';
import { ERASED_PAYLOAD, forgetListener, isErased } from '../domain/privacy/forget-listener.js';
import { reject, type Rejection } from '../domain/rejection.js';
import type { KnownNetwork } from '../domain/known-network.js';
import type { DictionaryEntry, StorableEvent } from '../domain/storable-event.js';
import { insertDictionary, insertNetworks } from '../infrastructure/dictionaries.sql.js';
import { identityKey, insertEvents, storedHashes } from '../infrastructure/insert-events.sql.js';
import { knownEpisodes } from '../infrastructure/known-episodes.sql.js';
import { StandingErasures } from './privacy/standing-erasures.js';

export { isRejection } from '../domain/rejection.js';

/** What became of one event. `retry`: nothing is known to be stored, send it again unchanged. */
export type Outcome = 'accepted' | 'duplicate' | 'retry' | Rejection;

/** For how long a text that was written is taken to be there. Texts of erased listeners go later than that. */
export const TEXT_KNOWN_MS = 60_000;

/**
 * Stores events of one tenant in one transaction and says what became of each.
 *
 * Every road into the raw events leads through here, so what comes late of a listener who was erased is stored without
 * them, whether a client repeats it, a spool replays it or a log brings it.
 *
 * Nothing is acknowledged before COMMIT has returned. Running it again after an unknown end is safe: the identities of
 * what was stored answer `duplicate`.
 */
export class EventStore {
  /** Episodes known to exist. They are archived, never deleted, so a hit cannot go stale. */
  private readonly episodes = new LRUCache<string, true>({ max: 200_000 });
  /** Dictionary entries known to be committed, together with a row that names them. */
  private readonly entries = new LRUCache<string, true>({ max: 100_000, ttl: TEXT_KNOWN_MS });
  private readonly erasures = new StandingErasures();

  constructor(
    private readonly pool: RolePool,
    private readonly window: 'acceptance' | 'backfill' = 'acceptance',
  ) {}

  /**
   * Outcomes run parallel to `received`. `alongside` writes in the same transaction, after the events: what says how far a
   * file is stored must never be older or younger than its rows.
   * @throws the database's error when the transaction as a whole failed, and what `alongside` throws
   */
  async commit(
    tenantId: TenantId,
    received: readonly StorableEvent[],
    alongside: (sql: Sql, outcomes: readonly Outcome[]) => Promise<void> = async () => undefined,
  ): Promise<Outcome[]> {
    const { outcomes, written } = await this.pool.transaction(async (sql) => {
      const events = await this.withoutErased(sql, tenantId, received);
      const unknown = await this.unknownEpisodes(sql, tenantId, events);
      const firsts = firstOfEachIdentity(events, unknown);
      const fresh = await this.insert(sql, tenantId, [...firsts.values()]);
      const written = await this.writeDictionaries(sql, tenantId, [...fresh]);
      const rest = [...firsts.values()].filter((event) => !fresh.has(event));
      // A second statement, so that READ COMMITTED shows the row that a concurrent writer won with.
      const hashes = rest.length === 0 ? new Map<string, bigint>() : await storedHashes(sql, tenantId, rest);
      const outcomes = events.map((event): Outcome => {
        if (asksFor(event, unknown)) return UNKNOWN_EPISODE;
        if (fresh.has(event)) return 'accepted';
        const key = identityKey(event);
        const first = firsts.get(key);
        return compare(event, first && fresh.has(first) ? first.payloadHash : hashes.get(key));
      });
      await alongside(sql, outcomes);
      return { outcomes, written };
    }, tenantContext(tenantId));
    for (const name of written) this.entries.set(name, true);
    return outcomes;
  }

  private async withoutErased(
    sql: Sql,
    tenantId: TenantId,
    events: readonly StorableEvent[],
  ): Promise<readonly StorableEvent[]> {
    const erased = await this.erasures.ofTenant(sql, tenantId);
    if (erased.size === 0) return events;
    return events.map((event) => (isErased(event, erased) ? forgetListener(event) : event));
  }

  /** Which of the episodes asked for the tenant does not have. */
  private async unknownEpisodes(
    sql: Sql,
    tenantId: TenantId,
    events: readonly StorableEvent[],
  ): Promise<ReadonlySet<string>> {
    const wanted = new Set(events.map((event) => event.episodeId).filter((id) => id !== null));
    const asked = [...wanted].filter((id) => !this.episodes.has(`${tenantId}${id}`));
    const found = new Set(asked.length === 0 ? [] : await knownEpisodes(sql, tenantId, asked));
    for (const id of found) this.episodes.set(`${tenantId}${id}`, true);
    return new Set(asked.filter((id) => !found.has(id)));
  }

  /**
   * Returns the dictionary entries that this transaction has written or found. Only for events that it has stored: a
   * repeat must not bring back a text that is gone.
   */
  private async writeDictionaries(
    sql: Sql,
    tenantId: TenantId,
    events: readonly StorableEvent[],
  ): Promise<string[]> {
    const written: string[] = [];
    for (const [table, pick] of DICTIONARIES) {
      const missing = new Map<string, DictionaryEntry>();
      for (const entry of new Set(events.map(pick))) {
        const name = `${table}${tenantId}${entry?.id ?? ''}`;
        if (entry !== null && !this.entries.has(name)) missing.set(name, entry);
      }
      if (missing.size === 0) continue;
      const added = await insertDictionary(sql, tenantId, table, [...missing.values()]);
      if (table === 'user_agents' && added > 0) await markNewAgents(sql, tenantId);
      written.push(...missing.keys());
    }
    written.push(...(await this.writeNetworks(sql, tenantId, events)));
    return written;
  }

  private async writeNetworks(
    sql: Sql,
    tenantId: TenantId,
    events: readonly StorableEvent[],
  ): Promise<string[]> {
    const missing = new Map<string, KnownNetwork>();
    for (const { network } of events) {
      const name = `networks${tenantId}${network?.id ?? ''}`;
      if (network !== null && !this.entries.has(name)) missing.set(name, network);
    }
    if (missing.size > 0) await insertNetworks(sql, tenantId, [...missing.values()]);
    return [...missing.keys()];
  }

  /** Stores the events that may be stored, and returns those that were new. */
  private async insert(
    sql: Sql,
    tenantId: TenantId,
    events: readonly StorableEvent[],
  ): Promise<ReadonlySet<StorableEvent>> {
    const insertable = events.filter((event) => this.window === 'backfill' || !event.tooOld);
    if (insertable.length === 0) return new Set();
    return new Set(await insertEvents(sql, tenantId, insertable, new Date()));
  }
}

const DICTIONARIES = [
  ['user_agents', (event: StorableEvent) => event.userAgent],
  ['referrers', (event: StorableEvent) => event.referrer],
  ['paths', (event: StorableEvent) => event.path],
] as const;

/** Asks the worker to find out what the new agents are: that takes milliseconds for each, too long for whoever sends. */
function markNewAgents(sql: Sql, tenantId: TenantId): Promise<void> {
  return appendMark(sql, tenantId, 'agents', floorTime(new Date(), SLICE_MS), null);
}

const UNKNOWN_EPISODE = reject('unknown_episode', '/episodeId', 'this tenant has no such episode');
const TOO_OLD = reject('too_old', '/occurredAt', 'lies before the acceptance window and is not stored');
const CONFLICT = reject(
  'conflict',
  '',
  'an event with this id and time but another payload is already stored',
);

function asksFor({ episodeId }: StorableEvent, episodes: ReadonlySet<string>): boolean {
  return episodeId !== null && episodes.has(episodeId);
}

/** The first event of each identity, in arrival order, of those whose episode is known. It decides for its repeats. */
function firstOfEachIdentity(
  events: readonly StorableEvent[],
  unknownEpisodes: ReadonlySet<string>,
): ReadonlyMap<string, StorableEvent> {
  const firsts = new Map<string, StorableEvent>();
  for (const event of events) {
    const key = identityKey(event);
    if (!asksFor(event, unknownEpisodes) && !firsts.has(key)) firsts.set(key, event);
  }
  return firsts;
}

/** A repeat is compared with what is stored, or was stored just now, by payload, unless that was erased. */
function compare(event: StorableEvent, storedHash: bigint | undefined): Outcome {
  if (storedHash === undefined) return TOO_OLD;
  if (storedHash === ERASED_PAYLOAD || event.payloadHash === ERASED_PAYLOAD) return 'duplicate';
  return storedHash === event.payloadHash ? 'duplicate' : CONFLICT;
}
