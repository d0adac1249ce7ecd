import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createLogger } from '@lib/observability';
import { DAY_MS, SLICE_MS, toTenantId } from '@lib/primitives';
import {
  connectTestDatabase,
  createTestDatabase,
  createTestTenant,
  type TestConnections,
  type TestDatabase,
  type TestTenant,
} from '@lib/testing';
import type { PoolClient } from 'pg';
import {
  countByHand,
  expectExactDays,
  play,
  storedRollups,
  storeEvents,
  type RawEvent,
} from './exact-rollups.contract.js';
import { RecentTenants } from './recent-tenants.js';
import { ReconcileAggregates } from './reconcile-aggregates.js';
import { RefreshAggregates } from './refresh-aggregates.js';
import { RefreshMetricsDaily } from './refresh-metrics-daily.js';

let database: TestDatabase;
let connections: TestConnections;
let refreshers: RefreshAggregates[];
let reconciler: ReconcileAggregates;
let refreshDaily: RefreshMetricsDaily;
let tenant: TestTenant;
let events: RawEvent[];
let clients: PoolClient[];

const START = Date.parse('2026-03-02T00:00:00Z');

beforeAll(async () => {
  database = await createTestDatabase();
  await database.owner.query(`SELECT ensure_partitions('2026-03-02', '2026-03-16')`);
  connections = connectTestDatabase(database);
  const logger = createLogger('silent');
  refreshers = [1, 2, 3].map(
    () => new RefreshAggregates(connections.db, connections.app, logger, new RecentTenants()),
  );
  reconciler = new ReconcileAggregates(connections.db, new RecentTenants(), logger);
  refreshDaily = new RefreshMetricsDaily(connections.db, connections.app, logger);
});
afterAll(async () => {
  await connections.close();
  await database.drop();
});
beforeEach(async () => {
  tenant = await createTestTenant(database, 'Tenant', 2);
  events = [];
  clients = [];
});
// Also of a test that failed half-way: its locks would hold up everything after it.
afterEach(async () => {
  for (const client of clients) {
    await client.query('ROLLBACK');
    client.release();
  }
});

async function openClient(): Promise<PoolClient> {
  const client = await database.owner.connect();
  clients.push(client);
  return client;
}

/** Few slices and episodes, so that writers and refreshers meet in the same rows. */
function newEvent(): RawEvent {
  const slice = Math.floor(Math.random() * 3) + (Math.random() < 0.3 ? DAY_MS / SLICE_MS : 0);
  const event = play(tenant.episodeIds[Math.floor(Math.random() * 2)]!, new Date(START + slice * SLICE_MS));
  events.push(event);
  return event;
}

async function write(client: PoolClient, count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    await client.query('BEGIN');
    await storeEvents(client, tenant.tenantId, [newEvent(), newEvent()]);
    // A commit that comes a little after its insert is one that a refresher can overlook.
    if (n % 3 === 0) await new Promise((resolve) => setTimeout(resolve, Math.random() * 4));
    await client.query('COMMIT');
  }
}

test('three refreshers and three writers at once lose nothing', async () => {
  const writers = await Promise.all([1, 2, 3].map(openClient));
  let writing = true;
  const refreshing = refreshers.map(async (refresher) => {
    let failed = 0;
    while (writing) failed += (await refresher.run()).failed;
    return failed;
  });
  await Promise.all(writers.map((writer) => write(writer, 150))).finally(() => {
    writing = false;
  });
  expect(await Promise.all(refreshing)).toEqual([0, 0, 0]);
  while ((await refreshers[0]!.run()).days > 0);
  while ((await refreshDaily.run()).days > 0);
  expect(await storedRollups(database, tenant.tenantId)).toEqual(countByHand(events, tenant.podcastId));
  await expectExactDays(database, tenant.tenantId);
});

test('a refresher that finds the day taken leaves it, and its marks, to the other', async () => {
  await storeEvents(database.owner, tenant.tenantId, [newEvent()]);
  const day = events[0]!.occurredAt.toISOString().slice(0, 10);
  const holder = await openClient();
  await holder.query('BEGIN');
  await holder.query(`SELECT pg_advisory_xact_lock(hashtextextended($1::text || 'rollup' || $2::text, 0))`, [
    tenant.tenantId,
    day,
  ]);
  expect(await refreshers[0]!.run()).toEqual({ days: 0, rows: 0, busy: 1, failed: 0 });
  await holder.query('ROLLBACK');
  expect(await refreshers[0]!.run()).toMatchObject({ days: 1, busy: 0 });
});

test('an older count cannot overwrite a newer one', async () => {
  const [episodeId] = tenant.episodeIds;
  const [first, second] = [new Date(START), new Date(START + SLICE_MS)];
  const store = (...at: Date[]) => {
    const added = at.map((instant) => play(episodeId!, instant));
    events.push(...added);
    return storeEvents(database.owner, tenant.tenantId, added);
  };
  await store(first, second);
  await refreshers[0]!.run();
  const blocker = await openClient();
  await blocker.query('BEGIN');
  await blocker.query(
    `UPDATE listener_metrics SET value = 99 WHERE tenant_id = $1 AND grain = 'slice' AND bucket = $2`,
    [tenant.tenantId, first],
  );
  await blocker.query('COMMIT; BEGIN');
  await blocker.query(
    `SELECT FROM listener_metrics WHERE tenant_id = $1 AND grain = 'slice' AND bucket = $2 FOR UPDATE`,
    [tenant.tenantId, first],
  );
  // Has counted the whole hour and waits to repair the first slice, while the second gets an event more.
  const slow = reconciler.check(toTenantId(tenant.tenantId), first);
  await untilSomeoneWaits();
  await store(second);
  const fast = await refreshers[0]!.run();
  await blocker.query('COMMIT');
  expect(await slow).toBeGreaterThan(0);
  expect(fast.failed).toBe(0);
  await refreshers[0]!.run();
  expect(await storedRollups(database, tenant.tenantId)).toEqual(countByHand(events, tenant.podcastId));
});

async function untilSomeoneWaits(): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const { rowCount } = await database.owner.query(
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    if (rowCount !== 0) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error('nobody waits for the locked row');
}

test('an event that commits after its slice was recounted is found by its mark', async () => {
  await storeEvents(database.owner, tenant.tenantId, [newEvent()]);
  const late = await openClient();
  await late.query('BEGIN');
  await storeEvents(late, tenant.tenantId, [
    { ...events[0]!, eventId: randomUUID() },
    { ...events[0]!, eventId: randomUUID() },
  ]);
  await refreshers[0]!.run();
  expect(await storedRollups(database, tenant.tenantId)).toEqual(countByHand(events, tenant.podcastId));
  await late.query('COMMIT');
  await refreshers[1]!.run();
  const values = [...(await storedRollups(database, tenant.tenantId)).values()];
  // Slice, hour, day and month of the episode, the podcast and the network.
  expect(values).toEqual(Array(12).fill(3));
});
