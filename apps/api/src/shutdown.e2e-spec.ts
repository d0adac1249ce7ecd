import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { Agent, request, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { createRolePool } from '@lib/database';
import { createPlatformKey } from '@lib/tenants';
import {
  buildProgram,
  createTestDatabase,
  testSettings,
  untilWithin,
  type BuiltProgram,
  type StartedProcess,
  type TestDatabase,
} from '@lib/testing';
import type pg from 'pg';

const until = untilWithin(60_000);

// The program is compiled, and one test waits for the limit of 20 seconds.
jest.setTimeout(240_000);

const CLIENTS = 8;
const MARK = randomUUID().slice(0, 8);

let program: BuiltProgram;
let database: TestDatabase;
let environment: Record<string, string>;
let platformKey: string;

beforeAll(async () => {
  program = buildProgram();
  database = await createTestDatabase();
  const settings = testSettings(database);
  environment = {
    DATABASE_URL: database.urls.app,
    MAINTENANCE_DATABASE_URL: database.urls.maintenance,
    ADMIN_DATABASE_URL: database.urls.admin,
    QUEUE_DATABASE_URL: database.urls.queue,
    API_KEY_PEPPER: settings.apiKeyPepper,
    PRIVACY_MASTER_KEY: settings.privacyMasterKey,
    SPOOL_DIR: join(tmpdir(), `podcast-shutdown-spool-${MARK}`),
  };
  const owner = createRolePool(settings, () => undefined, 'podcast_owner', database.urls.owner, 1);
  platformKey = await createPlatformKey(owner, settings.apiKeyPepper, 'test');
  await owner.end();
});
afterAll(async () => {
  program.remove();
  rmSync(environment['SPOOL_DIR']!, { recursive: true, force: true });
  await database.drop();
});

async function create<Body>(origin: string, path: string, key: string, body: object): Promise<Body> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const answer = await fetch(`${origin}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  expect(answer.status).toBe(201);
  return (await answer.json()) as Body;
}

/** A tenant that can send events of an episode. */
async function createSender(origin: string): Promise<{ key: string; episodeId: string }> {
  const tenant = await create<{ key: { credential: string } }>(origin, '/v1/admin/tenants', platformKey, {
    name: 'T',
  });
  const key = tenant.key.credential;
  const podcast = await create<{ id: string }>(origin, '/v1/podcasts', key, { title: 'Tides' });
  const path = `/v1/podcasts/${podcast.id}/episodes`;
  return { key, episodeId: (await create<{ id: string }>(origin, path, key, { title: 'One' })).id };
}

interface Sender {
  key: string;
  episodeId: string;
}

interface Sending {
  agent?: Agent;
  /** Awaited when half of the body is out. */
  halfway?: () => Promise<void>;
}

/** Sends a batch of one event, and resolves with the answer when its body is read. */
function sendEvent(
  origin: string,
  { key, episodeId }: Sender,
  { agent, halfway }: Sending = {},
): Promise<IncomingMessage> {
  const event = { id: randomUUID(), type: 'play', occurredAt: new Date().toISOString(), episodeId };
  const body = JSON.stringify({ events: [event] });
  return new Promise((resolve, reject) => {
    const call = request(`${origin}/v1/events/batch`, {
      method: 'POST',
      ...(agent && { agent }),
      headers: {
        authorization: `Bearer ${key}`,
        'content-type': 'application/json',
        'content-length': body.length,
      },
    });
    call.on('error', reject);
    call.on('response', (answer) =>
      answer
        .resume()
        .on('end', () => resolve(answer))
        .on('error', reject),
    );
    call.write(body.slice(0, 10));
    const sendRest = () => {
      call.end(body.slice(10));
    };
    Promise.resolve(halfway?.()).then(sendRest, reject);
  });
}

async function isReady(origin: string): Promise<boolean> {
  return (await fetch(`${origin}/health/ready`).catch(() => undefined))?.status === 200;
}

/**
 * Keeps one connection busy until it is told that it will be closed, and opens the next one at a process that is ready, as
 * a client behind a load balancer does. Every failure is noted.
 */
async function keepSending(
  apis: readonly StartedProcess[],
  sender: Sender,
  { signal, sent, failures }: { signal: AbortSignal; sent: Map<string, number>; failures: string[] },
): Promise<void> {
  for (let turn = 0; !signal.aborted; turn += 1) {
    const origin = apis[turn % apis.length]!.origin;
    if (!(await isReady(origin))) continue;
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let stays = true; stays;) {
      try {
        const { statusCode, headers } = await sendEvent(origin, sender, { agent });
        if (statusCode !== 200) failures.push(`${origin} answered ${statusCode}`);
        sent.set(origin, (sent.get(origin) ?? 0) + 1);
        stays = headers.connection !== 'close' && !signal.aborted;
      } catch (error) {
        failures.push(`${origin}: ${(error as Error).message}`);
        stays = false;
      }
    }
    agent.destroy();
  }
}

test('processes are replaced one by one under load, and no client that keeps its connection notices', async () => {
  const start = () => program.start('api', { ...environment, SHUTDOWN_DRAIN_MS: '3000', LOG_LEVEL: 'error' });
  const apis = [await start(), await start(), await start()];
  const [first, second, third] = apis as [StartedProcess, StartedProcess, StartedProcess];
  await until('all are ready', async () =>
    (await Promise.all(apis.map(({ origin }) => isReady(origin)))).every(Boolean),
  );
  const sender = await createSender(third.origin);
  const load = new AbortController();
  const sent = new Map<string, number>();
  const failures: string[] = [];
  const clients = Array.from({ length: CLIENTS }, (_, n) => {
    const order = [...apis.slice(n % 3), ...apis.slice(0, n % 3)];
    return keepSending(order, sender, { signal: load.signal, sent, failures });
  });
  await until('all of them serve', () => apis.every(({ origin }) => (sent.get(origin) ?? 0) > 10));

  let stopped: Promise<number | null> | undefined;
  const slow = await sendEvent(first.origin, sender, {
    halfway: async () => {
      stopped = first.stop('SIGTERM');
      await until('the process is not ready', async () => !(await isReady(first.origin)));
    },
  });
  expect(slow.statusCode).toBe(200);
  expect(await stopped).toBe(0);
  expect(await second.stop('SIGTERM')).toBe(0);
  const before = sent.get(third.origin) ?? 0;
  await until('the last one serves on', () => (sent.get(third.origin) ?? 0) > before + 3 * CLIENTS);
  load.abort();
  await Promise.all(clients);
  expect(failures).toEqual([]);
  expect(await third.stop('SIGTERM')).toBe(0);
});

describe('a process that cannot finish what is under way', () => {
  /** Holds the table of the keys, so that a batch waits. */
  let holder: pg.PoolClient;
  afterEach(async () => {
    await holder.query('ROLLBACK');
    holder.release();
  });

  /** A process with a request that will not be answered for a minute. */
  async function startAndHang(): Promise<StartedProcess> {
    const api = await program.start('api', {
      ...environment,
      SHUTDOWN_DRAIN_MS: '0',
      INGEST_DEADLINE_MS: '60000',
      STATEMENT_TIMEOUT_MS: '600000',
      LOCK_TIMEOUT_MS: '60000',
    });
    const sender = await createSender(api.origin);
    holder = await database.owner.connect();
    await holder.query('BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0');
    await holder.query('LOCK TABLE listener_keys IN ACCESS EXCLUSIVE MODE');
    void sendEvent(api.origin, sender).catch(() => undefined);
    await until('a request waits', async () => {
      const { rowCount } = await database.owner.query(
        `SELECT FROM pg_stat_activity
         WHERE datname = current_database() AND usename = 'podcast_app' AND wait_event_type = 'Lock'`,
      );
      return rowCount !== 0;
    });
    return api;
  }

  test('ends by itself after 20 seconds, and says that it failed', async () => {
    const api = await startAndHang();
    expect(await api.stop('SIGTERM')).toBe(1);
    expect(api.output()).toContain('not stopped in time');
  });

  test('ends at once at a second signal', async () => {
    const api = await startAndHang();
    const stopped = api.stop('SIGTERM');
    await until('it is shutting down', () => api.output().includes('shutting down'));
    expect(await api.stop('SIGTERM')).toBe(1);
    expect(await stopped).toBe(1);
    expect(api.output()).not.toContain('not stopped in time');
  });
});

/** Follows live totals of a process until it ends them; `totals` is the text of all events so far. */
async function follow(
  origin: string,
  { key }: Sender,
): Promise<{ totals: () => string; ended: Promise<void> }> {
  const answer = await fetch(`${origin}/v1/metrics/live`, { headers: { authorization: `Bearer ${key}` } });
  expect(answer.status).toBe(200);
  let text = '';
  const read = async (): Promise<void> => {
    for await (const bytes of answer.body!.pipeThrough(new TextDecoderStream())) text += bytes;
  };
  return { totals: () => text, ended: read() };
}

test('live totals show what another process took in, and do not keep a process from ending', async () => {
  const settings = { ...environment, SHUTDOWN_DRAIN_MS: '0' };
  const worker = await program.start('worker', settings);
  const [taking, showing] = [await program.start('api', settings), await program.start('api', settings)];
  const sender = await createSender(taking.origin);
  const stream = await follow(showing.origin, sender);
  await until('the stream has begun', () => stream.totals().includes('event: totals'));
  const delays: number[] = [];
  for (let plays = 1; plays <= 5; plays += 1) {
    const sent = performance.now();
    await sendEvent(taking.origin, sender);
    await until('the event shows', () => stream.totals().includes(`"value":${plays}}`));
    delays.push(Math.round(performance.now() - sent));
  }
  process.stdout.write(`\nfrom an event to a stream of another process: ${delays.join(', ')} ms\n`);
  const stopping = performance.now();
  expect(await showing.stop('SIGTERM')).toBe(0);
  // The limit of a process that hangs is 20 seconds.
  expect(performance.now() - stopping).toBeLessThan(10_000);
  await stream.ended;
  expect(await taking.stop('SIGTERM')).toBe(0);
  expect(await worker.stop('SIGTERM')).toBe(0);
});

test('the worker ends in order', async () => {
  const worker = await program.start('worker', { ...environment, SHUTDOWN_DRAIN_MS: '0', LOG_LEVEL: 'info' });
  expect(await worker.stop('SIGTERM')).toBe(0);
  expect(worker.output()).toContain('"msg":"stopped"');
});
