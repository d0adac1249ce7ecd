import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { projectRoot } from '@lib/database';
import {
  createTestDatabase,
  createTestTenant,
  DatabaseProxy,
  freePort,
  untilWithin,
  type TestDatabase,
} from '@lib/testing';

const until = untilWithin(120_000);

// Compiling takes its time on a busy machine.
jest.setTimeout(600_000);

/** By then a request that was answered is on the disk: the database gets 150 ms before, and the machine may be busy. */
const SPOOLED_MS = 3_000;

/** A copy of the sources, so that a build of somebody else changes nothing under our feet. */
let clone: string;
let spoolDir: string;
let database: TestDatabase;
let proxy: DatabaseProxy;
const started: ChildProcess[] = [];

beforeAll(async () => {
  const root = projectRoot();
  clone = mkdtempSync(join(tmpdir(), 'podcast-kill-'));
  spoolDir = join(clone, 'spool');
  for (const part of ['apps', 'libs', 'package.json', 'tsconfig.json', 'nest-cli.json', '.swcrc'])
    cpSync(join(root, part), join(clone, part), { recursive: true });
  for (const part of ['node_modules', 'db']) symlinkSync(join(root, part), join(clone, part));
  const nest = join(root, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js');
  const build = spawnSync(process.execPath, [nest, 'build', '--all'], { cwd: clone, encoding: 'utf8' });
  if (build.status !== 0)
    throw new Error(`the program does not build:
${build.stdout}${build.stderr}`);
  database = await createTestDatabase();
  proxy = await DatabaseProxy.start(database);
  const { tenantId, podcastId } = await createTestTenant(database);
  const { owner } = database;
  await owner.query(
    "INSERT INTO public_handles (tenant_id, kind, handle, target_id) VALUES ($1, 'redirect', 'show', $2)",
    [tenantId, podcastId],
  );
  await owner.query(
    "INSERT INTO podcast_hosts (tenant_id, podcast_id, host, source) VALUES ($1, $2, 'cdn.example', 'feed')",
    [tenantId, podcastId],
  );
});
afterAll(async () => {
  for (const child of started.filter(
    ({ exitCode, signalCode }) => exitCode === null && signalCode === null,
  )) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  proxy.close();
  await database.drop();
  rmSync(clone, { recursive: true, force: true });
});

interface Api {
  origin: string;
  kill(): Promise<void>;
}

async function start(): Promise<Api> {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const child = spawn(process.execPath, ['--enable-source-maps', join(clone, 'dist/apps/api/src/main.js')], {
    cwd: clone,
    env: {
      DATABASE_URL: proxy.url,
      API_KEY_PEPPER: 'a pepper that is only good for tests',
      PRIVACY_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
      BIND_ADDRESS: '127.0.0.1',
      PORT: String(port),
      SPOOL_DIR: spoolDir,
      CONNECTION_TIMEOUT_MS: '500',
      LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  started.push(child);
  await until('a process has started', async () => {
    if (child.exitCode !== null) throw new Error(`a process ended with ${child.exitCode}`);
    return (await fetch(`${origin}/health/startup`).catch(() => undefined))?.status === 200;
  });
  return {
    origin,
    kill: async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

/** When each session was sent on. */
type Answered = Map<string, number>;

/** Listens over and over, and notes it in `answered`, until the process is gone or `done`. */
async function listen({ origin }: Api, name: string, answered: Answered, done: AbortSignal): Promise<void> {
  for (let n = 0; !done.aborted; n += 1) {
    const session = `${name}-${n}`;
    const headers = { 'x-playback-session-id': session };
    const answer = await fetch(`${origin}/r/show/cdn.example/1.mp3`, { redirect: 'manual', headers }).catch(
      () => undefined,
    );
    if (answer === undefined) return;
    expect(answer.status).toBe(302);
    answered.set(session, Date.now());
  }
}

/** The sessions on the disk, whoever wrote them. A line that was being written at a kill is none. */
function spooledSessions(): string[] {
  if (!existsSync(spoolDir)) return [];
  const files = readdirSync(spoolDir, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const lines = files.flatMap(({ parentPath, name }) =>
    readFileSync(join(parentPath, name), 'utf8').split('\n').slice(0, -1),
  );
  return lines.map((line) => (JSON.parse(line.slice(9)) as { sessionId: string }).sessionId);
}

async function storedSessions(): Promise<string[]> {
  const { rows } = await database.owner.query<{ session_id: string }>(
    'SELECT session_id FROM listener_events',
  );
  return rows.map((row) => row.session_id);
}

test('kill -9 loses no request that was spooled, and stores none twice', async () => {
  let [first, second] = [await start(), await start()];
  proxy.cut();

  // Killed under load, while it spools.
  const done = new AbortController();
  const byFirst: Answered = new Map();
  const bySecond: Answered = new Map();
  const streams = [
    ...['a', 'b', 'c'].map((name) => listen(first, name, byFirst, done.signal)),
    ...['x', 'y'].map((name) => listen(second, name, bySecond, done.signal)),
  ];
  await until('many were sent on', async () => byFirst.size > 300 && bySecond.size > 100);
  const full = byFirst.size;
  await sleep(SPOOLED_MS);
  await first.kill();
  await until('others were sent on since', async () => bySecond.size > 200);
  done.abort();
  await Promise.all(streams);
  await sleep(SPOOLED_MS);
  const spooled = new Set(spooledSessions());
  const early = [...byFirst.keys()].slice(0, full);
  expect([...early, ...bySecond.keys()].filter((session) => !spooled.has(session))).toEqual([]);

  // Killed again, while what both have spooled is replayed, until all of it is stored.
  for (let kills = 0; kills < 3; kills += 1) {
    proxy.restore();
    await sleep(100 + Math.random() * 900);
    await second.kill();
    second = await start();
  }
  await until('everything is stored', async () => (await storedSessions()).length >= spooled.size);
  await until('the spool is empty', async () => spooledSessions().length === 0);
  const stored = await storedSessions();
  expect(stored).toHaveLength(new Set(stored).size);
  expect([...spooled].filter((session) => !stored.includes(session))).toEqual([]);

  first = await start();
  await listen(first, 'after', new Map(), AbortSignal.timeout(500));
  await until('recording goes on', async () =>
    (await storedSessions()).some((session) => session === 'after-0'),
  );
});
