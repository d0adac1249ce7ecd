import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { projectRoot } from '@lib/database';
import { createTestDatabase, createTestTenant, type TestDatabase } from '@lib/testing';

// The command is built, started and killed, on a machine that may be busy.
jest.setTimeout(240_000);

const LINES = 30_000;
const KILLS = 5;
const HOST = 'cdn.example';
/** Another one each time; put the one that was printed here to see the same kills. */
const SEED = Date.now() % 1_000_000;

let database: TestDatabase;
let directory: string;
let log: string;
const started: ChildProcess[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  directory = mkdtempSync(join(tmpdir(), 'podcast-kill-'));
  log = join(directory, 'access.log.gz');
  writeFileSync(log, gzipSync(Array.from({ length: LINES }, (_, index) => line(index)).join('')));
  // Builds when something changed, so that no import is killed in the middle of that.
  const [exitCode] = (await once(podcast('--version'), 'exit')) as [number];
  expect(exitCode).toBe(0);
});
afterAll(async () => {
  for (const child of started) child.kill('SIGKILL');
  rmSync(directory, { recursive: true });
  await database.drop();
});

/** Requests of two days, with some that stand there twice for two listeners, some of no episode, and some faults. */
function line(index: number): string {
  if (index % 1_000 === 999) return 'a line that is no request\n';
  const twin = index % 10 === 7 ? index - 1 : index;
  const minute = Math.floor((twin / LINES) * 120);
  const clock = `${minute < 60 ? 23 : 0}:${String(minute % 60).padStart(2, '0')}:${String(twin % 60).padStart(2, '0')}`;
  const at = `${minute < 60 ? 15 : 16}/Oct/2026:${clock.padStart(8, '0')} +0000`;
  const path = twin % 25 === 0 ? '/cover.jpg' : '/1.mp3';
  return `10.${index & 255}.${index >> 8}.1 - - [${at}] "GET ${path} HTTP/1.1" 200 ${twin} "-" "AntennaPod/3.9.4"\n`;
}

function podcast(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, ['scripts/podcast.mjs', ...args], {
    cwd: projectRoot(),
    env: {
      DATABASE_URL: database.urls.app,
      MAINTENANCE_DATABASE_URL: database.urls.maintenance,
      API_KEY_PEPPER: 'a pepper that is only good for tests',
      PRIVACY_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
    },
    stdio: 'ignore',
  });
  started.push(child);
  return child;
}

async function createTenant(): Promise<string> {
  const { tenantId, episodeIds } = await createTestTenant(database, 'Logs', 1);
  const key = `${HOST}/1.mp3`;
  await database.owner.query('UPDATE episodes SET media_key = $3 WHERE tenant_id = $1 AND id = $2', [
    tenantId,
    episodeIds[0],
    key,
  ]);
  return tenantId;
}

const importLog = (tenantId: string): ChildProcess =>
  podcast('import', 'log', '--tenant', tenantId, '--file', log, '--host', HOST);

async function doneLines(tenantId: string): Promise<number> {
  const { rows } = await database.owner.query<{ done: string | null }>(
    'SELECT sum(done_lines) AS done FROM import_files WHERE tenant_id = $1',
    [tenantId],
  );
  return Number(rows[0]?.done ?? 0);
}

/** Everything that an import stores, but the ids that are random for each tenant. */
async function outcome(tenantId: string): Promise<unknown> {
  const { rows: events } = await database.owner.query(
    `SELECT md5(string_agg(concat_ws(' ', l.event_id, l.occurred_at, e.media_key, p.value, l.bytes_sent, l.payload_hash,
                                     l.served_range, l.user_agent_id), E'\n' ORDER BY l.occurred_at, l.event_id)) AS rows,
            count(*)::int AS n, count(DISTINCT l.address_day_id)::int AS addresses,
            count(DISTINCT l.count_id_today)::int AS listeners, count(DISTINCT l.audience_a)::int AS audience,
            count(DISTINCT l.import_id)::int AS imports
     FROM listener_events l
     LEFT JOIN episodes e ON e.tenant_id = l.tenant_id AND e.id = l.episode_id
     LEFT JOIN paths p ON p.tenant_id = l.tenant_id AND p.id = l.path_id
     WHERE l.tenant_id = $1`,
    [tenantId],
  );
  const { rows: files } = await database.owner.query(
    `SELECT done_lines::int, done_bytes::int, stored::int, duplicates::int, conflicts::int, not_episodes::int, faults::int,
            finished_at IS NOT NULL AS finished FROM import_files WHERE tenant_id = $1`,
    [tenantId],
  );
  const { rows: duplicates } = await database.owner.query(
    'SELECT day::text, requests::int FROM duplicate_deliveries WHERE tenant_id = $1 ORDER BY day, requests',
    [tenantId],
  );
  return { events, files, duplicates };
}

/** Park-Miller: the same kills for the same seed. */
function randomFractions(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

/** Kills the import somewhere behind a line of the file, which can be in the middle of any step. */
async function killBehind(tenantId: string, doneBefore: number, delayMs: number): Promise<void> {
  const child = importLog(tenantId);
  const exited = once(child, 'exit');
  while ((await doneLines(tenantId)) <= doneBefore && child.exitCode === null)
    await new Promise((after) => setTimeout(after, 5));
  await new Promise((after) => setTimeout(after, delayMs));
  child.kill('SIGKILL');
  await exited;
}

test('an import that is killed again and again stores what an undisturbed one stores', async () => {
  const [undisturbed, disturbed] = [await createTenant(), await createTenant()];
  expect(await once(importLog(undisturbed), 'exit')).toEqual([0, null]);
  const random = randomFractions(SEED);
  console.log(`the seed of these kills is ${SEED}`);
  let killedInside = 0;
  for (let kill = 0; kill < KILLS; kill += 1) {
    await killBehind(disturbed, await doneLines(disturbed), random() * 200);
    const done = await doneLines(disturbed);
    if (done > 0 && done < LINES) killedInside += 1;
  }
  expect(killedInside).toBeGreaterThan(0);
  expect(await once(importLog(disturbed), 'exit')).toEqual([0, null]);
  expect(await outcome(disturbed)).toEqual(await outcome(undisturbed));
  expect(await doneLines(disturbed)).toBe(LINES);
});
