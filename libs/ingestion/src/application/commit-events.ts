import { tenantContext, type RolePool, type Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import { LRUCache } from 'lru-cache';
import { reject, type Rejection } from '../domain/rejection.js';
import type { DictionaryEntry, StorableEvent } from '../domain/storable-event.js';
import { insertDictionary } from '../infrastructure/dictionaries.sql.js';
import { identityKey, insertEvents, storedHashes } from '../infrastructure/insert-events.sql.js';
import { knownEpisodes } from '../infrastructure/known-episodes.sql.js';

export { isRejection } from '../domain/rejection.js';

/** What became of one event. `retry`: nothing is known to be stored, send it again unchanged. */
export type Outcome = 'accepted' | 'duplicate' | 'retry' | Rejection;

/**
 * Stores events of one tenant in one transaction and says what became of each.
 *
 * Nothing is acknowledged before COMMIT has returned. Running it again after an unknown end is safe: the identities of
 * what was stored answer `duplicate`.
 */
export class EventStore {
  /** Episodes known to exist. They are archived, never deleted, so a hit cannot go stale. */
  private readonly episodes = new LRUCache<string, true>({ max: 200_000 });
  /** Dictionary entries known to be committed. */
  private readonly entries = new LRUCache<string, true>({ max: 100_000 });

  constructor(
    private readonly pool: RolePool,
    private readonly window: 'acceptance' | 'backfill' = 'acceptance',
  ) {}

  /** Outcomes run parallel to `events`. @throws the database's error when the transaction as a whole failed. */
  async commit(tenantId: TenantId, events: readonly StorableEvent[]): Promise<Outcome[]> {
    const { outcomes, written } = await this.pool.transaction(async (sql) => {
      const unknown = await this.unknownEpisodes(sql, tenantId, events);
      const written = await this.writeDictionaries(sql, tenantId, events);
      const firsts = firstOfEachIdentity(events, unknown);
      const insertable = [...firsts.values()].filter((event) => this.insertable(event));
      const fresh = insertable.length === 0 ? new Set<string>() : await insertEvents(sql, tenantId, insertable, new Date());
      const isFresh = (key: string, first: StorableEvent) => fresh === 'all' ? this.insertable(first) : fresh.has(key);
      const rest = [...firsts].filter(([key, first]) => !isFresh(key, first)).map(([, first]) => first);
      // A second statement, so that READ COMMITTED shows the row that a concurrent writer won with.
      const stored = rest.length === 0 ? new Map<string, bigint>() : await storedHashes(sql, tenantId, rest);
      const outcomes = events.map((event): Outcome => {
        if (unknown.has(event.episodeId)) return UNKNOWN_EPISODE;
        const key = identityKey(event);
        const first = firsts.get(key) ?? event;
        if (!isFresh(key, first)) return compare(event, stored.get(key));
        return event === first ? 'accepted' : compare(event, first.payloadHash);
      });
      return { outcomes, written };
    }, tenantContext(tenantId));
    for (const name of written) this.entries.set(name, true);
    return outcomes;
  }

  private insertable(event: StorableEvent): boolean {
    return this.window === 'backfill' || !event.tooOld;
  }

  private async rejectUnknownEpisodes(
    sql: Sql,
    tenantId: TenantId,
    events: readonly StorableEvent[],
    outcomes: (Outcome | undefined)[],
  ): Promise<void> {
    const wanted = new Set(events.map((event) => event.episodeId));
    const asked = [...wanted].filter((id) => !this.episodes.has(`${tenantId}${id}`));
    const found = new Set(asked.length === 0 ? [] : await knownEpisodes(sql, tenantId, asked));
    for (const id of found) this.episodes.set(`${tenantId}${id}`, true);
    const unknown = new Set(asked.filter((id) => !found.has(id)));
    if (unknown.size === 0) return;
    events.forEach((event, index) => {
      if (unknown.has(event.episodeId))
        outcomes[index] = reject('unknown_episode', '/episodeId', 'this tenant has no such episode');
    });
  }

  private async writeDictionaries(
    sql: Sql,
    tenantId: TenantId,
    events: readonly StorableEvent[],
  ): Promise<string[]> {
    const written: string[] = [];
    for (const [table, pick] of DICTIONARIES) {
      const missing = new Map<string, DictionaryEntry>();
      for (const event of events) {
        const entry = pick(event);
        const name = `${table}${tenantId}${entry?.id ?? ''}`;
        if (entry !== null && !this.entries.has(name)) missing.set(name, entry);
      }
      if (missing.size === 0) continue;
      await insertDictionary(sql, tenantId, table, [...missing.values()]);
      written.push(...missing.keys());
    }
    return written;
  }
}

const DICTIONARIES = [
  ['user_agents', (event: StorableEvent) => event.userAgent],
  ['referrers', (event: StorableEvent) => event.referrer],
] as const;

/** Indexes of the events by identity, in arrival order, without those that already have an outcome. */
function groupByIdentity(
  events: readonly StorableEvent[],
  outcomes: readonly (Outcome | undefined)[],
): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  events.forEach((event, index) => {
    if (outcomes[index] !== undefined) return;
    const key = identityKey(event);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [index]);
    else group.push(index);
  });
  return groups;
}

/** The first of a group decides; the others, and a stored one, are compared with it by payload. */
function judge(
  events: readonly StorableEvent[],
  indexes: readonly number[],
  isNew: boolean,
  storedHash: bigint | undefined,
  outcomes: (Outcome | undefined)[],
): void {
  indexes.forEach((index, position) => {
    const event = events[index];
    if (event === undefined) return;
    const reference = isNew ? events[indexes[0] ?? index]?.payloadHash : storedHash;
    if (isNew && position === 0) outcomes[index] = 'accepted';
    else if (reference === undefined)
      outcomes[index] = reject(
        'too_old',
        '/occurredAt',
        'lies before the acceptance window and is not stored',
      );
    else if (reference === event.payloadHash) outcomes[index] = 'duplicate';
    else
      outcomes[index] = reject(
        'conflict',
        '',
        'an event with this id and time but another payload is already stored',
      );
  });
}
