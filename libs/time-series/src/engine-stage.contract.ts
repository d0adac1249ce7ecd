import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import { DAY_MS, floorTime, toTenantId } from '@lib/primitives';
import {
  createTestTenant,
  rawTable,
  type TestConnections,
  type TestDatabase,
  type TestTenant,
} from '@lib/testing';
import { appendAggregateMarks } from './aggregate-marks.sql.js';
import type { TimeSeriesEngine } from './time-series-engine.js';

/** An event as far as engines look at it. */
export interface StagedEvent {
  id: string;
  at: Date;
  episodeId: string;
  type: string;
}

/** Two tenants on a database of the engine, and what they and its owner do there. */
export class EngineStage {
  a!: TestTenant;
  b!: TestTenant;

  constructor(
    readonly engine: TimeSeriesEngine,
    readonly database: TestDatabase,
    readonly connections: TestConnections,
  ) {}

  /** Two new tenants with room for 60 days, and nothing else. */
  async clear(): Promise<void> {
    await this.rows(`TRUNCATE tenants, dirty_buckets, ${rawTable('listener_events')} CASCADE`);
    await this.engine.ensurePartitions(daysAgo(60), daysAgo(-1));
    this.a = await createTestTenant(this.database, 'A', 3);
    this.b = await createTestTenant(this.database, 'B', 3);
  }

  async close(): Promise<void> {
    await this.connections.close();
    await this.database.drop();
  }

  /** As whoever sees everything. */
  async rows<Row extends object>(text: string, params: unknown[] = []): Promise<Row[]> {
    return (await this.database.owner.query<Row>(text, params)).rows;
  }

  /** As the application, for the tenant, who is the first parameter. */
  ofTenant<Row extends object>(
    { tenantId }: TestTenant,
    text: string,
    params: unknown[] = [],
  ): Promise<Row[]> {
    return this.connections.db.run(tenantId, () =>
      this.connections.db.current.sql<Row>(text, [tenantId, ...params]),
    );
  }

  /** Stores events as ingestion does: repeats change nothing. Returns the ids of new ones. */
  async store(tenant: TestTenant, events: readonly StagedEvent[]): Promise<string[]> {
    const stored = await this.ofTenant<{ id: string }>(
      tenant,
      `INSERT INTO listener_events (tenant_id, occurred_at, event_id, episode_id, received_at, payload_hash,
         payload_hash_version, trusted_sender, event_type, session_id)
       SELECT $1, at, id, episode, at, 1, 1, false, type, id::text
       FROM unnest($2::timestamptz[], $3::uuid[], $4::uuid[], $5::text[]) AS e (at, id, episode, type)
       ON CONFLICT DO NOTHING RETURNING event_id AS id`,
      [
        events.map(({ at }) => at),
        events.map(({ id }) => id),
        events.map(({ episodeId }) => episodeId),
        events.map(({ type }) => type),
      ],
    );
    return stored.map(({ id }) => id);
  }

  /** Ids of all that the tenant sees, in order. */
  async idsOf(tenant: TestTenant): Promise<string[]> {
    const found = await this.ofTenant<{ id: string }>(
      tenant,
      'SELECT event_id AS id FROM listener_events WHERE tenant_id = $1 ORDER BY 1',
    );
    return found.map(({ id }) => id);
  }

  /** Tells the engine's aggregates of changed events. */
  mark({ tenantId }: TestTenant, instants: readonly Date[]): Promise<void> {
    const { db } = this.connections;
    return db.run(tenantId, () => appendAggregateMarks(db.current.sql, toTenantId(tenantId), instants, null));
  }

  async marks(): Promise<number> {
    return (await this.rows("SELECT FROM dirty_buckets WHERE kind = 'aggregate'")).length;
  }

  /** What a view of aggregates shows the tenant, as `bucket episode type` → events. */
  async shown(tenant: TestTenant, grain: 'hourly' | 'daily'): Promise<Map<string, number>> {
    const found = await this.ofTenant<{ bucket: Date; key: string; whose: unknown[]; events: string }>(
      tenant,
      `SELECT bucket, concat_ws(' ', episode_id, event_type) AS key, events,
              ARRAY[tenant_id = $1, podcast_id = $2, evidence = 'client_confirmed'] AS whose FROM listener_events_${grain}`,
      [tenant.podcastId],
    );
    for (const { whose } of found) expect(whose).toEqual([true, true, true]);
    return new Map(
      found.map(({ bucket, key, events }) => [`${bucket.toISOString()} ${key}`, Number(events)]),
    );
  }
}

/** 00:00 UTC so many days ago, and some milliseconds. */
export function daysAgo(days: number, ms = 0): Date {
  return new Date(floorTime(new Date(), DAY_MS).getTime() - days * DAY_MS + ms);
}

/** An event of one of the tenant's three episodes. */
export function stagedEvent(tenant: TestTenant, at: Date, type = 'play', episode = 0): StagedEvent {
  return { id: randomUUID(), at, type, episodeId: tenant.episodeIds[episode] ?? '' };
}

/** What `shown` must show, counted one event at a time. */
export function countedByHand(events: readonly StagedEvent[], sizeMs: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { at, episodeId, type } of events) {
    const key = `${floorTime(at, sizeMs).toISOString()} ${episodeId} ${type}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}
