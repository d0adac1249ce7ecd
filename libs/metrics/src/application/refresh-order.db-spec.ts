import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createLogger } from '@lib/observability';
import { floorTime, HOUR_MS } from '@lib/primitives';
import {
  connectTestDatabase,
  createTestDatabase,
  createTestTenant,
  type TestConnections,
  type TestDatabase,
  type TestTenant,
} from '@lib/testing';
import { RefreshListening } from './listening/refresh-listening.js';
import { RefreshDimensions } from './query/refresh-dimensions.js';
import { RecentTenants } from './recent-tenants.js';
import { RefreshAggregates } from './refresh-aggregates.js';
import { RefreshMetricsDaily } from './refresh-metrics-daily.js';

let database: TestDatabase;
let connections: TestConnections;
let jobs: { run(): Promise<{ days: number; failed: number; busy: number }> }[];

beforeAll(async () => {
  database = await createTestDatabase();
  connections = connectTestDatabase(database);
  const logger = createLogger('silent');
  const { db, app } = connections;
  jobs = [
    new RefreshAggregates(db, app, logger, new RecentTenants()),
    new RefreshListening(db, app, logger),
    new RefreshDimensions(db, app, logger),
    new RefreshMetricsDaily(db, app, logger),
  ];
});
afterAll(async () => {
  await connections.close();
  await database.drop();
});

/** Over the running hour, whose slices are kept by dimension, and the days before, whose are not. */
const NOW = floorTime(new Date(), HOUR_MS).getTime();

interface Told {
  id: string;
  at: Date;
  episode: number;
  type: string;
  session: string;
  position: number;
  agent: number;
}

const TYPES = ['play', 'progress', 'progress', 'pause', 'download_request'];
const EVENTS = Array.from({ length: 400 }, (_, n): Told => {
  const begun = NOW - [0, 1, 2, 26][n % 4]! * HOUR_MS;
  const offset = Math.floor(n / 4) * 35_000;
  return {
    id: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
    at: new Date(begun + offset),
    episode: n % 3,
    type: TYPES[(n * 7) % 5]!,
    session: `session ${n % 12}`,
    position: offset,
    agent: 1 + (n % 2),
  };
});

async function store(tenant: TestTenant, events: readonly Told[]): Promise<void> {
  await database.owner.query(
    `WITH stored AS (
       INSERT INTO listener_events (tenant_id, occurred_at, event_id, episode_id, received_at, payload_hash,
                                    payload_hash_version, trusted_sender, event_type, session_id, position_ms, user_agent_id)
       SELECT $1, at, id, episode, now(), 0, 1, false, type, session, position, agent
       FROM unnest($2::timestamptz[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::integer[], $8::bigint[])
         AS e (at, id, episode, type, session, position, agent)
       ON CONFLICT DO NOTHING RETURNING occurred_at
     )
     INSERT INTO dirty_buckets (tenant_id, kind, bucket)
     SELECT DISTINCT $1::uuid, 'slice', date_bin('5 minutes', occurred_at, 'epoch') FROM stored`,
    [
      tenant.tenantId,
      events.map(({ at }) => at),
      events.map(({ id }) => id),
      events.map(({ episode }) => tenant.episodeIds[episode]),
      events.map(({ type }) => type),
      events.map(({ session }) => session),
      events.map(({ position }) => position),
      events.map(({ agent }) => agent),
    ],
  );
}

async function createNamedTenant(): Promise<TestTenant> {
  const tenant = await createTestTenant(database, 'Tenant', 3);
  await database.owner.query(
    `INSERT INTO user_agents (tenant_id, id, value, app, device) VALUES ($1, 1, 'a', 'AntennaPod', 'mobile'), ($1, 2, 'b', '', 'pc')`,
    [tenant.tenantId],
  );
  return tenant;
}

/** Every row that follows from a tenant's events, episodes by their number. */
async function rows({ tenantId, episodeIds }: TestTenant): Promise<Record<string, string[]>> {
  const tables = {
    listener_metrics: 'grain, bucket, metric, evidence, value',
    listener_totals: 'grain, bucket, metric, evidence, value',
    listener_dimensions: 'grain, bucket, metric, evidence, dimension, dimension_value, value',
    listening_positions: 'grain, bucket, kind, bins, amounts',
    metrics_daily: 'day, metric, evidence, value, episodes',
  };
  const found: Record<string, string[]> = {};
  for (const [table, columns] of Object.entries(tables)) {
    const episode = /totals|daily/.test(table) ? "''" : 'array_position($2::uuid[], episode_id)';
    const { rows: lines } = await database.owner.query<{ line: string }>(
      `SELECT concat_ws(' ', ${episode}, ${columns}) AS line FROM ${table}
       WHERE tenant_id = $1 AND cardinality($2::uuid[]) > 0 ${table === 'listening_positions' ? 'AND cardinality(bins) > 0' : ''}
       ORDER BY 1`,
      [tenantId, episodeIds],
    );
    found[table] = lines.map(({ line }) => line);
  }
  return found;
}

const anyOf = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)]!;

async function drain(): Promise<void> {
  for (let worked = true; worked;) {
    worked = false;
    for (const job of jobs) {
      const { days, failed, busy } = await job.run();
      expect({ failed, busy }).toEqual({ failed: 0, busy: 0 });
      worked ||= days > 0;
    }
  }
}

test('rows are the same in whatever order events, marks and stages come', async () => {
  const ordered = await createNamedTenant();
  await store(ordered, EVENTS);
  await drain();
  const shuffled = await createNamedTenant();
  const late = [...EVENTS].sort(() => Math.random() - 0.5);
  for (let first = 0; first < late.length; first += 80) {
    await store(shuffled, [...late.slice(first, first + 80), ...late.slice(0, 20)]);
    for (let runs = 0; runs < 4; runs += 1) expect((await anyOf(jobs).run()).failed).toBe(0);
  }
  await database.owner.query(
    `INSERT INTO dirty_buckets (tenant_id, kind, bucket)
     SELECT tenant_id, kind, bucket FROM listener_metrics, unnest(ARRAY['slice', 'dimension', 'listening']) AS kind
     WHERE tenant_id = $1 AND grain = 'slice' AND random() < 0.3`,
    [shuffled.tenantId],
  );
  await drain();
  const expected = await rows(ordered);
  expect(await rows(shuffled)).toEqual(expected);
  for (const lines of Object.values(expected)) expect(lines.length).toBeGreaterThan(5);
});
