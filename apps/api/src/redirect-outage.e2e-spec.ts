import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { TrackingReceiver } from '@lib/ingestion';
import { TenantDb } from '@lib/database';
import { createLogger } from '@lib/observability';
import { DAY_MS, toTenantId, utcDate } from '@lib/primitives';
import { KeysService } from '@lib/tenants';
import {
  createTestDatabase,
  createTestTenant,
  DatabaseProxy,
  testSettings,
  untilWithin,
  type TestDatabase,
  type TestTenant,
} from '@lib/testing';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { register } from 'prom-client';
import { createApi } from './create-api.js';

const until = untilWithin(30_000);

const ADDRESS = '203.0.113.77';

let database: TestDatabase;
let proxy: DatabaseProxy;
let tenant: TestTenant;
let app: NestFastifyApplication;
let spoolDir: string;

beforeEach(async () => {
  database = await createTestDatabase();
  proxy = await DatabaseProxy.start(database);
  tenant = await createTestTenant(database);
  await addShow(tenant, 'show');
});
afterEach(async () => {
  proxy.restore();
  await app.close();
  proxy.close();
  // A process registers these once.
  for (const { name } of register.getMetricsAsArray())
    if (/^(process|nodejs)_/.test(name)) register.removeSingleMetric(name);
  await database.drop();
});

/** Gives a tenant's podcast a handle, a host and a file. */
async function addShow({ tenantId, podcastId, episodeIds }: TestTenant, handle: string): Promise<void> {
  const { owner } = database;
  await owner.query(
    "INSERT INTO public_handles (tenant_id, kind, handle, target_id) VALUES ($1, 'redirect', $2, $3)",
    [tenantId, handle, podcastId],
  );
  await owner.query(
    "INSERT INTO podcast_hosts (tenant_id, podcast_id, host, source) VALUES ($1, $2, 'cdn.example', 'feed')",
    [tenantId, podcastId],
  );
  await owner.query("UPDATE episodes SET media_key = 'cdn.example/1.mp3' WHERE id = $1", [episodeIds[0]]);
}

async function start(overrides: Record<string, string> = {}): Promise<void> {
  const settings = testSettings(database, {
    DATABASE_URL: proxy.url,
    CONNECTION_TIMEOUT_MS: '500',
    STATEMENT_TIMEOUT_MS: '1000',
    TRUST_PROXY: '127.0.0.1',
    ...overrides,
  });
  spoolDir = settings.spoolDir;
  app = await createApi(settings, createLogger('silent'));
  await until('the process has started', async () => (await ask('/health/startup')).statusCode === 200);
}

const ask = (url: string, headers: Record<string, string> = {}) =>
  app.inject({ method: 'GET', url, headers });

/** One listening after the other; returns how long each answer took, in milliseconds. */
async function listen(sessions: readonly string[], handle = 'show'): Promise<number[]> {
  const times: number[] = [];
  for (const session of sessions) {
    const started = performance.now();
    const { statusCode } = await ask(`/r/${handle}/cdn.example/1.mp3?x=1`, {
      'x-forwarded-for': ADDRESS,
      'user-agent': 'WalkRadio/0.9',
      'x-playback-session-id': session,
    });
    times.push(performance.now() - started);
    expect(statusCode).toBe(302);
  }
  return times;
}

const sessionsOf = (count: number, name = 's') => Array.from({ length: count }, (_, n) => `${name}-${n}`);
const settle = () => app.get(TrackingReceiver).settle();

async function storedSessions(): Promise<string[]> {
  const { rows } = await database.owner.query<{ session_id: string }>(
    'SELECT session_id FROM listener_events ORDER BY session_id',
  );
  return rows.map((row) => row.session_id);
}

/** Whether a transaction of the application waits for a lock. */
async function insertWaits(): Promise<boolean> {
  const { rowCount } = await database.owner.query(
    `SELECT FROM pg_stat_activity WHERE datname = current_database() AND usename = 'podcast_app' AND wait_event_type = 'Lock'`,
  );
  return rowCount !== 0;
}

/** The text of every file of the spool. */
function spooled(): string {
  const files = readdirSync(spoolDir, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return files.map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8')).join('');
}

async function metric(name: string, reason?: string): Promise<number> {
  const { values } = (await register.getSingleMetric(name)?.get()) ?? { values: [] };
  const wanted = values.filter(({ labels }) => reason === undefined || labels['reason'] === reason);
  return wanted.reduce((sum, { value }) => sum + value, 0);
}

interface NotRecorded {
  requests: number;
  reasons: { reason: string; requests: number }[];
}

/** What a tenant is told of the requests of today, and of the day before it in case it has just begun, that are missing. */
async function notRecorded({ tenantId }: TestTenant, query = ''): Promise<NotRecorded | null> {
  const { credential } = await app.get(TenantDb).run(toTenantId(tenantId), () =>
    app.get(KeysService).create({
      kind: 'secret',
      name: 'reader',
      scopes: ['read'],
      trustedSender: false,
      expiresAt: null,
    }),
  );
  const [from, to] = [-DAY_MS, DAY_MS].map((offset) => utcDate(new Date(Date.now() + offset)));
  const answer = await ask(`/v1/metrics/explain?from=${from}&to=${to}${query}`, {
    authorization: `Bearer ${credential}`,
  });
  expect(answer.statusCode).toBe(200);
  return answer.json<{ notRecorded: NotRecorded | null }>().notRecorded;
}

function p99(times: readonly number[]): number {
  return [...times].sort((x, y) => x - y)[Math.floor(times.length * 0.99)] ?? Infinity;
}

describe.each(['cut', 'hang'] as const)('while the database is away (%s)', (fault) => {
  test('listeners are sent on as fast as ever, and every request is stored once it is back', async () => {
    await database.owner.query(
      `INSERT INTO address_lists (tenant_id, id, kind, network, reason, created_by)
       VALUES ($1, gen_random_uuid(), 'excluded', $2, 'a farm', 'test')`,
      [tenant.tenantId, `${ADDRESS}/32`],
    );
    await start();
    await listen(sessionsOf(20, 'before'));
    await settle();
    // The first commits of a process are slow, and what takes too long is in both places for a while.
    await until('the spool is empty', async () => (await metric('spool_bytes')) === 0);
    proxy[fault]();
    const sessions = sessionsOf(300);
    const times = await listen(sessions);
    await settle();
    // Waiting for the database would take 500 ms and more.
    expect(p99(times)).toBeLessThan(250);
    expect(await storedSessions()).toHaveLength(20);
    expect(await metric('spool_bytes')).toBeGreaterThan(300 * 200);
    const lines = spooled();
    expect(lines.split('\n')).toHaveLength(301);
    expect(lines).toContain('WalkRadio/0.9');
    expect(lines).not.toContain(ADDRESS);
    expect(lines).not.toContain('x=1');

    proxy.restore();
    await until('the spool is empty', async () => (await metric('spool_bytes')) === 0);
    expect(await storedSessions()).toEqual([...sessions, ...sessionsOf(20, 'before')].sort());
    expect(spooled()).toBe('');
    const { rows } = await database.owner.query(
      `SELECT DISTINCT episode_id, count_id_today, audience_a, audience_b, address_day_id, address_list
       FROM listener_events l LEFT JOIN networks n ON n.tenant_id = l.tenant_id AND n.id = l.network_id`,
    );
    // One listener, one network, one episode, whether at once or by the spool.
    expect(rows).toEqual([
      {
        episode_id: tenant.episodeIds[0],
        count_id_today: expect.any(String),
        audience_a: expect.any(String),
        audience_b: expect.any(String),
        address_day_id: expect.any(String),
        address_list: 'excluded',
      },
    ]);
  });

  test('what memory does not know is not found, and nothing fails', async () => {
    await start();
    proxy[fault]();
    const started = performance.now();
    const answers = await Promise.all([
      ...sessionsOf(50, 'handle').map((handle) => ask(`/r/${handle}/cdn.example/1.mp3`)),
      ask('/r/show/evil.example/1.mp3'),
    ]);
    expect(answers.map(({ statusCode }) => statusCode)).toEqual(answers.map(() => 404));
    expect(performance.now() - started).toBeLessThan(1_500);
  });
});

test('without its keys a tenant’s requests are recorded, and its listeners are not', async () => {
  await start();
  const late = await createTestTenant(database, 'late');
  await addShow(late, 'late');
  // Found in time, before anything made its keys.
  await ask('/r/late/evil.example/1.mp3');
  proxy.cut();
  await listen(['a', 'b'], 'late');
  await settle();
  const lines = spooled();
  expect(lines).toMatch(/"ids":\[(null,)+null\]/);
  // An erasure finds listeners by these ids: nothing else that tells them apart may be kept without them.
  expect(lines).not.toContain('"sessionId":"');
  proxy.restore();
  await until('both are stored', async () => (await storedSessions()).length === 2);
  const { rows } = await database.owner.query(
    `SELECT DISTINCT tenant_id, episode_id, count_id_today, audience_a, address_day_id, session_id FROM listener_events`,
  );
  const nobody = { count_id_today: null, audience_a: null, address_day_id: null, session_id: null };
  expect(rows).toEqual([{ tenant_id: late.tenantId, episode_id: late.episodeIds[0], ...nobody }]);
});

test('a replay that breaks off again and again stores everything once', async () => {
  await start();
  proxy.cut();
  const sessions = sessionsOf(1_500);
  await listen(sessions);
  await settle();
  for (let round = 0; round < 4; round += 1) {
    const locker = await database.owner.connect();
    await locker.query('BEGIN; LOCK TABLE listener_events IN EXCLUSIVE MODE');
    proxy.restore();
    await until('a replay is under way', insertWaits);
    // In turn: nothing of it can be stored any more, or it is stored and its end is not heard of.
    if (round % 2 === 0) proxy.cut();
    await locker.query('ROLLBACK');
    locker.release();
    proxy.cut();
  }
  proxy.restore();
  await until('the spool is empty', async () => (await metric('spool_bytes')) === 0);
  expect(await storedSessions()).toEqual([...sessions].sort());
});

describe('what neither the database nor the disk takes', () => {
  test('is counted exactly when the spool is full, and the rest is stored', async () => {
    await start({ SPOOL_MAX_BYTES: '20000' });
    const before = await metric('tracking_unrecorded_total', 'spool_full');
    proxy.cut();
    await listen(sessionsOf(200));
    await settle();
    const lost = (await metric('tracking_unrecorded_total', 'spool_full')) - before;
    expect(lost).toBeGreaterThan(100);
    proxy.restore();
    await until('the spool is empty', async () => (await metric('spool_bytes')) === 0);
    expect((await storedSessions()).length + lost).toBe(200);
    await until('the loss is noted', async () => (await notRecorded(tenant))?.requests === lost);
  });

  test('is told to each tenant with its own requests, podcasts, and reasons', async () => {
    const other = await createTestTenant(database, 'other');
    await addShow(other, 'other');
    const unharmed = await createTestTenant(database, 'unharmed');
    await start({ SPOOL_MAX_BYTES: '4096' });
    // Their keys are there before the database is away.
    await listen(['first']);
    await listen(['first'], 'other');
    await settle();
    const stored = (await storedSessions()).length;
    proxy.cut();
    await listen(sessionsOf(60));
    await listen(sessionsOf(30, 'o'), 'other');
    await settle();
    proxy.restore();
    await until('the spool is empty', async () => (await metric('spool_bytes')) === 0);
    await until('the loss is noted', async () => ((await notRecorded(other))?.requests ?? 0) > 0);
    const [ours, theirs] = [await notRecorded(tenant), await notRecorded(other)];
    expect(theirs).toMatchObject({ requests: 30, reasons: [{ reason: 'spool_full', requests: 30 }] });
    expect((ours?.requests ?? 0) + (await storedSessions()).length - stored).toBe(60);
    expect(await notRecorded(unharmed)).toMatchObject({ requests: 0, reasons: [] });
    expect(await notRecorded(other, `&podcastId=${other.podcastId}`)).toEqual(theirs);
    expect(await notRecorded(other, `&podcastId=${tenant.podcastId}`)).toMatchObject({ requests: 0 });
    expect(await notRecorded(other, `&episodeId=${other.episodeIds[0]}`)).toBeNull();
  });

  test('is told also after a process that ended in order before it had written it', async () => {
    await start({ SPOOL_MAX_BYTES: '4096' });
    const before = await metric('tracking_unrecorded_total');
    proxy.cut();
    await listen(sessionsOf(50));
    await settle();
    const lost = (await metric('tracking_unrecorded_total')) - before;
    proxy.restore();
    await app.close();
    expect(lost).toBeGreaterThan(20);
    const { rows } = await database.owner.query(
      'SELECT sum(requests)::int AS requests FROM unrecorded_requests',
    );
    expect(rows).toEqual([{ requests: lost }]);
  });

  test('is counted exactly when the disk fails, and recording goes on when it works again', async () => {
    await start();
    const before = await metric('tracking_unrecorded_total', 'spool_failed');
    rmSync(spoolDir, { recursive: true });
    writeFileSync(spoolDir, 'a file where the directory should be');
    proxy.cut();
    await listen(sessionsOf(100, 'lost'));
    await settle();
    expect((await metric('tracking_unrecorded_total', 'spool_failed')) - before).toBe(100);
    rmSync(spoolDir);
    mkdirSync(spoolDir);
    await listen(sessionsOf(50, 'kept'));
    await settle();
    proxy.restore();
    await until('all are stored', async () => (await storedSessions()).length === 50);
    expect(await storedSessions()).toEqual(sessionsOf(50, 'kept').sort());
    await until('the loss is noted', async () => (await notRecorded(tenant))?.requests === 100);
    expect(await notRecorded(tenant)).toMatchObject({ reasons: [{ reason: 'spool_failed' }] });
  });

  test('is nothing where the spool is full and the database lives', async () => {
    await start({ SPOOL_MAX_BYTES: '4096' });
    const before = await metric('tracking_unrecorded_total');
    proxy.cut();
    await listen(sessionsOf(40, 'fill'));
    await settle();
    const lost = (await metric('tracking_unrecorded_total')) - before;
    // What is in the spool cannot be replayed: it stays full.
    const locker = await database.owner.connect();
    await locker.query(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF NEW.session_id LIKE 'fill-%' THEN RAISE EXCEPTION 'not yet' USING ERRCODE = '55P03'; END IF;
        RETURN NEW;
      END $$`);
    await locker.query(
      'CREATE TRIGGER refuse BEFORE INSERT ON listener_events FOR EACH ROW EXECUTE FUNCTION refuse()',
    );
    locker.release();
    proxy.restore();
    const sessions = sessionsOf(1_000);
    for (let start = 0; start < 1_000; start += 250)
      await Promise.all(sessions.slice(start, start + 250).map((session) => listen([session])));
    await settle();
    expect((await metric('tracking_unrecorded_total')) - before).toBe(lost);
    expect(await metric('spool_bytes')).toBeGreaterThan(3_000);
    expect((await storedSessions()).length).toBe(1_000);
    await database.owner.query('DROP TRIGGER refuse ON listener_events');
  });

  test.each([400, 3_500])('is nothing where the database is merely slow (%i ms)', async (lockedMs) => {
    await start({ SPOOL_MAX_BYTES: '4096' });
    const before = await metric('tracking_unrecorded_total');
    const locker = await database.owner.connect();
    await locker.query('BEGIN; LOCK TABLE listener_events IN ACCESS EXCLUSIVE MODE');
    await listen(sessionsOf(60));
    setTimeout(() => void locker.query('ROLLBACK'), lockedMs);
    await settle();
    locker.release();
    await until('all are stored', async () => (await storedSessions()).length === 60);
    expect((await metric('tracking_unrecorded_total')) - before).toBe(0);
  });
});

test('a process that ends in order stores what it was about to', async () => {
  await start();
  const sessions = sessionsOf(200);
  await Promise.all(sessions.map((session) => listen([session])));
  await app.close();
  expect(await storedSessions()).toEqual([...sessions].sort());
  expect(readdirSync(spoolDir)).toEqual([]);
});

test('and what the database does not take by then is there for the next', async () => {
  await start();
  proxy.cut();
  await listen(sessionsOf(30));
  await app.close();
  expect(spooled().split('\n')).toHaveLength(31);
  for (const { name } of register.getMetricsAsArray())
    if (/^(process|nodejs)_/.test(name)) register.removeSingleMetric(name);
  proxy.restore();
  await start();
  await until('all are stored', async () => (await storedSessions()).length === 30);
});
