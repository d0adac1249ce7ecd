import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createLogger } from '@lib/observability';
import { toTenantId, type TenantId } from '@lib/primitives';
import {
  connectTestDatabase,
  createTestDatabase,
  createTestTenant,
  type TestConnections,
  type TestDatabase,
} from '@lib/testing';
import { appendMark, EngineInForce, EnsurePartitions } from '@lib/time-series';
import { AddressLists } from './address-lists.js';
import { AgentLists } from './agent-lists.js';
import { AgentReader } from './agent-reader.js';
import { ClientReader } from './client-reader.js';
import { CountDownloads } from './count-downloads.js';
import { ExplainService } from './explain.service.js';
import { ListenerKeys } from './listener-keys.js';
import { LocateRequests } from './locate-requests.js';
import { LogImportService } from './log-import/import-log.service.js';
import { NetworkLists } from './network-lists.js';
import { NetworkReader } from './network-reader.js';
import { PrivacyPolicies } from './privacy/privacy-policies.js';
import { RuleSetsService } from './rule-sets.service.js';

const FIXTURES = join(__dirname, '../domain/access-log/fixtures');
const fixture = (name: string): Buffer => readFileSync(join(FIXTURES, name));
const EPISODES = fixture('episodes.csv').toString().trimEnd().split('\n').slice(1);
/** What the hosts of each log are called in feeds: the nginx log names none, and the other one its CDN's. */
const HOSTS = { nginx: 'audio.dailyledger.example', cloudfront: 'cdn.harbourlight.example' };
const ALIASES = new Map([['media.harbourlight.example', HOSTS.cloudfront]]);
const LOGS = [
  { name: 'cloudfront.standard.tsv', from: '2026-10-12', to: '2026-10-15' },
  { name: 'nginx.combined-range.log', from: '2026-10-15', to: '2026-10-17' },
];

let database: TestDatabase;
let connections: TestConnections;
let imports: LogImportService;
let counter: CountDownloads;
let explain: ExplainService;
let locator: LocateRequests;

beforeAll(async () => {
  database = await createTestDatabase();
  connections = connectTestDatabase(database);
  const { settings, db, app, maintenance } = connections;
  const agentLists = new AgentLists();
  const ruleSets = new RuleSetsService(db, agentLists);
  const agents = new AgentReader(agentLists);
  const networks = new NetworkReader(new NetworkLists(app), new AddressLists(app));
  const clients = new ClientReader(networks, new PrivacyPolicies(app));
  const partitions = new EnsurePartitions(settings, new EngineInForce(settings, maintenance), maintenance);
  imports = new LogImportService(new ListenerKeys(settings, app), clients, partitions, app);
  counter = new CountDownloads(db, ruleSets, agents, app, createLogger('silent'));
  explain = new ExplainService(db, ruleSets, agents);
  locator = new LocateRequests(db, app, createLogger('silent'));
});
afterAll(async () => {
  await connections.close();
  await database.drop();
});

/** A tenant without episodes. */
async function newTenant(): Promise<{ tenantId: TenantId; podcastId: string }> {
  const { tenantId, podcastId } = await createTestTenant(database, 'Tenant', 0);
  return { tenantId: toTenantId(tenantId), podcastId };
}

async function storeEpisodes(tenant: { tenantId: TenantId; podcastId: string }): Promise<void> {
  const rows = EPISODES.map((row) => row.split(','));
  const files = rows.map(([log, path]) => `${HOSTS[log as keyof typeof HOSTS]}${path}`);
  await database.owner.query(
    `INSERT INTO episodes (tenant_id, id, podcast_id, guid, title, media_key, media_bytes, header_bytes, duration_seconds)
     SELECT $1, gen_random_uuid(), $2, e.key, e.key, e.key, e.bytes, e.header, e.duration
     FROM unnest($3::text[], $4::bigint[], $5::bigint[], $6::integer[]) AS e (key, bytes, header, duration)`,
    [
      tenant.tenantId,
      tenant.podcastId,
      [...files, `${HOSTS.nginx}/hls/ml-0299/master.m3u8`],
      [...rows.map(([, , bytes]) => bytes), null],
      [...rows.map(([, , , header]) => header), null],
      [...rows.map(([, , , , duration]) => duration), 674],
    ],
  );
}

async function importLogs(tenantId: TenantId): Promise<void> {
  for (const { name } of LOGS) {
    const bytes = fixture(name);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const file = {
      name,
      sha256,
      async *read() {
        yield bytes;
      },
    };
    const hosts = { missing: HOSTS.nginx, aliases: ALIASES };
    await imports.importFile(tenantId, file, {
      source: name,
      hosts,
      replace: false,
      evenWithoutEpisodes: true,
    });
  }
}

async function count(): Promise<void> {
  for (let days = 1; days > 0;) ({ days } = await counter.run());
}
const announce = (tenantId: TenantId) =>
  connections.db.run(tenantId, () =>
    appendMark(connections.db.current.sql, tenantId, 'locate', new Date(0), null),
  );

async function rows<Row extends object>(text: string, tenantId: TenantId): Promise<Row[]> {
  return (await database.owner.query<Row>(text, [tenantId])).rows;
}
const downloads = (tenantId: TenantId) =>
  rows(
    `SELECT d.occurred_at, d.settled_at, d.bytes, d.evidence, d.app, e.guid
     FROM downloads d JOIN episodes e ON e.tenant_id = $1 AND e.id = d.episode_id
     WHERE d.tenant_id = $1 ORDER BY d.settled_at, d.occurred_at, e.guid, d.bytes`,
    tenantId,
  );
const requests = (tenantId: TenantId) =>
  rows<{ guid: string | null }>(
    `SELECT l.event_id, l.occurred_at, e.guid, l.segment, l.segment_ms, l.bytes_sent
     FROM listener_events l LEFT JOIN episodes e ON e.tenant_id = $1 AND e.id = l.episode_id
     WHERE l.tenant_id = $1 ORDER BY l.occurred_at, l.event_id`,
    tenantId,
  );
const marks = (tenantId: TenantId) =>
  rows<{ kind: string; bucket: Date }>(
    `SELECT kind, bucket FROM dirty_buckets WHERE tenant_id = $1 AND kind NOT IN ('slice', 'audience', 'detect', 'agents') ORDER BY 1, 2`,
    tenantId,
  );

/** Outcomes of every request of both logs, with their numbers. */
async function explained(tenantId: TenantId): Promise<unknown[]> {
  const answers = LOGS.map(({ from, to }) =>
    connections.db.run(tenantId, () =>
      explain.answer({ from, to, podcastId: null, episodeId: null, window: null }),
    ),
  );
  return (await Promise.all(answers)).map(({ requests: all, funnels }) => [
    all,
    funnels.flatMap(({ steps }) => steps.map(({ outcome, requests: some }) => [outcome, some])),
  ]);
}

describe('a log that comes before the feed', () => {
  test('comes to the same requests, downloads and explanation as one that comes after', async () => {
    const [after, before] = [await newTenant(), await newTenant()];
    await storeEpisodes(after);
    await importLogs(after.tenantId);
    await importLogs(before.tenantId);
    await locator.run();
    await count();
    expect(await downloads(before.tenantId)).toEqual([]);
    expect((await requests(before.tenantId)).every(({ guid }) => guid === null)).toBe(true);

    await storeEpisodes(before);
    await announce(before.tenantId);
    expect(await locator.run()).toMatchObject({ failed: 0 });
    await count();
    expect((await downloads(after.tenantId)).length).toBeGreaterThan(300);
    expect(await downloads(before.tenantId)).toEqual(await downloads(after.tenantId));
    expect(await requests(before.tenantId)).toEqual(await requests(after.tenantId));
    expect(await explained(before.tenantId)).toEqual(await explained(after.tenantId));
  });

  test('is found without an announcement when it was read before the feed and stored after it', async () => {
    const tenant = await newTenant();
    await importLogs(tenant.tenantId);
    await storeEpisodes(tenant);
    await locator.run();
    await count();
    expect((await downloads(tenant.tenantId)).length).toBeGreaterThan(300);
  });

  test('is located once: what is done again finds nothing and marks nothing', async () => {
    const tenant = await newTenant();
    await importLogs(tenant.tenantId);
    await storeEpisodes(tenant);
    await locator.run();
    await count();
    await announce(tenant.tenantId);
    expect(await locator.run()).toMatchObject({ rows: 0, failed: 0 });
    expect(await marks(tenant.tenantId)).toEqual([]);
  });

  test('keeps days whose raw requests are gone, or going, as they are', async () => {
    const tenant = await newTenant();
    await importLogs(tenant.tenantId);
    await database.owner.query(`INSERT INTO raw_horizons (tenant_id, raw_from) VALUES ($1, '2026-10-16')`, [
      tenant.tenantId,
    ]);
    await storeEpisodes(tenant);
    await locator.run();
    const days = await rows<{ located: number; first: Date }>(
      `SELECT count(*)::integer AS located, min(occurred_at) AS first FROM listener_events
       WHERE tenant_id = $1 AND episode_id IS NOT NULL`,
      tenant.tenantId,
    );
    expect(days[0]!.located).toBeGreaterThan(50);
    expect(days[0]!.first.toISOString().slice(0, 10)).toBe('2026-10-16');
    // Where tenants share aggregates, nobody could store anything of before it.
    await database.owner.query('DELETE FROM raw_horizons');
  });
});

test('a worker that dies between two days loses and repeats nothing', async () => {
  const tenant = await newTenant();
  await importLogs(tenant.tenantId);
  await count();
  await storeEpisodes(tenant);
  const holder = await database.owner.connect();
  try {
    // The second day waits for a row of its own; meanwhile its connection dies.
    await holder.query('BEGIN');
    await holder.query(
      `SELECT FROM listener_events WHERE tenant_id = $1 AND occurred_at >= '2026-10-13' AND occurred_at < '2026-10-14' FOR UPDATE`,
      [tenant.tenantId],
    );
    const run = locator.run().catch(() => undefined);
    await whoWaits('pg_terminate_backend(pid)');
    await run;
  } finally {
    await holder.query('ROLLBACK');
    holder.release();
  }
  const locatedDays = () =>
    rows<{ day: string }>(
      `SELECT DISTINCT (occurred_at AT TIME ZONE 'UTC')::date::text AS day FROM listener_events
       WHERE tenant_id = $1 AND episode_id IS NOT NULL ORDER BY 1`,
      tenant.tenantId,
    );
  expect(await locatedDays()).toEqual([{ day: '2026-10-12' }]);
  expect(await marks(tenant.tenantId)).toContainEqual({ kind: 'locate', bucket: new Date(0) });

  expect(await locator.run()).toMatchObject({ failed: 0 });
  expect((await locatedDays()).length).toBe(5);
  const counted = (await marks(tenant.tenantId)).filter(({ kind }) => kind === 'count');
  expect(new Set(counted.map(({ bucket }) => bucket.getTime())).size).toBe(counted.length);
  expect((await marks(tenant.tenantId)).filter(({ kind }) => kind === 'locate')).toEqual([]);
});

test.each([
  [
    'were given another episode',
    'episode_id = (SELECT min(id::text)::uuid FROM episodes WHERE tenant_id = $1)',
  ],
  ['were erased', 'path_id = NULL'],
])('requests that %s meanwhile are left alone, and not marked', async (_, change) => {
  const tenant = await newTenant();
  await importLogs(tenant.tenantId);
  await count();
  await storeEpisodes(tenant);
  const ofDay = `tenant_id = $1 AND occurred_at >= '2026-10-13' AND occurred_at < '2026-10-14'`;
  const episodes = () =>
    rows<{ id: string | null; n: number }>(
      `SELECT episode_id AS id, count(*)::integer AS n FROM listener_events WHERE ${ofDay} GROUP BY 1`,
      tenant.tenantId,
    );
  const other = await database.owner.connect();
  let run: Promise<unknown>;
  try {
    await other.query('BEGIN');
    await other.query(`UPDATE listener_events SET ${change} WHERE ${ofDay}`, [tenant.tenantId]);
    run = locator.run();
    await whoWaits('pid');
    await other.query('COMMIT');
  } finally {
    await other.query('ROLLBACK');
    other.release();
  }
  expect(await run).toMatchObject({ failed: 0 });
  expect(await episodes()).toHaveLength(1);
  const days = (await marks(tenant.tenantId))
    .filter(({ kind }) => kind === 'count')
    .map(({ bucket }) => bucket.toISOString().slice(0, 10));
  expect(days).toContain('2026-10-12');
  expect(days).not.toContain('2026-10-13');
});

/**
 * Waits until a connection of this database's application waits for a row, and asks for something of it. To end it is as
 * the death of its process would be.
 */
async function whoWaits(asked: 'pid' | 'pg_terminate_backend(pid)'): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const { rowCount } = await database.owner.query(
      `SELECT ${asked} FROM pg_stat_activity
       WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%located AS (%'`,
    );
    if ((rowCount ?? 0) > 0) return;
    await sleep(25);
  }
  throw new Error('nobody came to wait for the row');
}
