import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createTestDatabase, testServers, testUrl, type TestDatabase } from '@lib/testing';
import { randomBytes } from 'node:crypto';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { catalogueFaults } from './catalogue-faults.sql.js';
import { startEmbeddedPostgres, type EmbeddedPostgres } from './embedded/index.js';
import { deltaNames, MASTER_SCHEMA, migrate, migrationsDirectory, pendingDeltas } from './migrate.js';

const MASTER = { road: 'master', applied: [MASTER_SCHEMA] };
const NONE = { road: 'none', applied: [] };

let clients: pg.Client[] = [];
let databases: string[] = [];
let directory: string;

const urlOf = (database: string) => {
  const { host, port, superuser } = testServers();
  return testUrl(host, port, superuser.user, superuser.password, database);
};

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  clients.push(client);
  return client;
}

/** The URL of a new database without anything in it. */
async function emptyDatabase(): Promise<string> {
  const name = `empty_${randomBytes(6).toString('hex')}`;
  const server = await connect(urlOf('postgres'));
  await server.query(`CREATE DATABASE ${name} TEMPLATE template0`);
  databases.push(name);
  return urlOf(name);
}

async function read<Row extends object>(url: string, text: string): Promise<Row[]> {
  return (await (await connect(url)).query<Row>(text)).rows;
}

async function faults(url: string): Promise<string[]> {
  const client = await connect(url);
  return catalogueFaults(
    async <Row extends object>(text: string, params?: readonly unknown[]) =>
      (await client.query<Row>(text, params as unknown[])).rows,
  );
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'migrations-'));
  await copyFile(join(migrationsDirectory(), MASTER_SCHEMA), join(directory, MASTER_SCHEMA));
});

afterEach(async () => {
  await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
  clients = [];
  const server = await connect(urlOf('postgres'));
  for (const name of databases) await server.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  databases = [];
  await rm(directory, { recursive: true });
});
afterAll(() => Promise.all(clients.map((client) => client.end())));

const delta = (name: string, text: string) => writeFile(join(directory, `${name}.sql`), text);

describe('an empty database', () => {
  test('takes the master, and the second time nothing', async () => {
    const url = await emptyDatabase();
    expect(await migrate(url)).toEqual(MASTER);
    const before = await faults(url);
    expect(await migrate(url)).toEqual(NONE);
    expect([before, await faults(url)]).toEqual([[], []]);
  });

  test('takes the master once from eight processes at the same time', async () => {
    const url = await emptyDatabase();
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => migrate(url)));
    expect(outcomes.filter(({ road }) => road === 'master')).toEqual([MASTER]);
    expect(outcomes.filter(({ road }) => road === 'none')).toHaveLength(7);
    expect(await faults(url)).toEqual([]);
  });

  test('takes the master as a raw script, twice, and eight times at once', async () => {
    const url = await emptyDatabase();
    const text = await readFile(join(migrationsDirectory(), MASTER_SCHEMA), 'utf8');
    const runRaw = async () => (await connect(url)).query(text);
    await runRaw();
    await Promise.all(Array.from({ length: 8 }, runRaw));
    expect(await faults(url)).toEqual([]);
    expect(await migrate(url)).toEqual(NONE);
  });

  test('holds nothing of a migration that was killed half-way, and takes the next one whole', async () => {
    const url = await emptyDatabase();
    // The master waits for this lock where most of its tables exist already.
    const blocker = await connect(url);
    await blocker.query("SELECT pg_advisory_lock(hashtextextended('podcast.partitions', 0))");
    const killed = migrate(url).catch((error: unknown) => error as Error);
    const waiting = `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'`;
    let pids: { pid: number }[] = [];
    while (pids.length === 0) {
      await sleep(20);
      pids = (await blocker.query<{ pid: number }>(waiting)).rows;
    }
    await blocker.query('SELECT pg_terminate_backend($1)', [pids[0]?.pid]);
    expect(await killed).toBeInstanceOf(Error);
    expect(
      await read(url, "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"),
    ).toEqual([]);
    expect(
      await read(url, "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"),
    ).toEqual([]);
    await blocker.query('SELECT pg_advisory_unlock_all()');
    expect(await migrate(url)).toEqual(MASTER);
    expect(await faults(url)).toEqual([]);
  });

  test('waits for a migration that is killed, and then migrates itself', async () => {
    const url = await emptyDatabase();
    const dying = await connect(url);
    await dying.query("SELECT pg_advisory_lock(hashtextextended('podcast.migrate', 0)), pg_backend_pid()");
    const next = migrate(url);
    await sleep(100);
    await read(
      url,
      `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND database =
                     (SELECT oid FROM pg_database WHERE datname = current_database())`,
    );
    expect(await next).toEqual(MASTER);
  });
});

describe('a server without our roles', () => {
  let server: EmbeddedPostgres;
  let dataDir: string;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'migrate-spec-'));
    server = await startEmbeddedPostgres({ dataDir });
  });
  afterAll(async () => {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  test('takes eight migrations of eight databases at the same time', async () => {
    const on = (name: string) => server.url(server.superuser, server.superuserPassword, name);
    const admin = await connect(on('postgres'));
    const names = Array.from({ length: 8 }, (_, turn) => `shop_${turn}`);
    for (const name of names) await admin.query(`CREATE DATABASE ${name} TEMPLATE template0`);
    const outcomes = await Promise.all(names.map((name) => migrate(on(name))));
    expect(outcomes).toEqual(Array(8).fill(MASTER));
    for (const name of names) expect([name, await faults(on(name))]).toEqual([name, []]);
  });
});

describe('a database with a schema', () => {
  let database: TestDatabase;
  let url: string;
  const tables = async () =>
    (
      await read<{ name: string }>(
        url,
        "SELECT relname AS name FROM pg_class WHERE relname ~ '^extra_[a-z]+$' AND relkind = 'r' ORDER BY 1",
      )
    ).map(({ name }) => name);

  beforeEach(async () => {
    database = await createTestDatabase();
    url = database.urls.owner;
  });
  afterEach(() => database.drop());

  test('takes each delta once, oldest first, and records it', async () => {
    await delta('20300102000000_second', 'CREATE TABLE extra_second AS SELECT * FROM extra_first');
    await delta('20300101000000_first', 'CREATE TABLE extra_first (id int)');
    const names = ['20300101000000_first', '20300102000000_second'];
    expect(await pendingDeltas(await connect(url), directory)).toEqual(names);
    expect(await migrate(url, directory)).toEqual({ road: 'deltas', applied: names });
    expect(await migrate(url, directory)).toEqual(NONE);
    expect(await tables()).toEqual(['extra_first', 'extra_second']);
    expect(await read(url, 'SELECT name FROM schema_migrations ORDER BY 1')).toEqual(
      names.map((name) => ({ name })),
    );
  });

  test('takes a delta that is older than the last one, when it comes late', async () => {
    await delta('20300102000000_second', 'CREATE TABLE extra_second (id int)');
    await migrate(url, directory);
    await delta('20300101000000_first', 'CREATE TABLE extra_first (id int)');
    expect(await migrate(url, directory)).toEqual({ road: 'deltas', applied: ['20300101000000_first'] });
  });

  test('takes a delta once from eight processes at the same time', async () => {
    await delta('20300101000000_first', 'SELECT pg_sleep(0.1); CREATE TABLE extra_first (id int)');
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => migrate(url, directory)));
    expect(outcomes.map(({ road }) => road).sort()).toEqual(['deltas', ...Array<string>(7).fill('none')]);
  });

  test('keeps nothing of a delta that fails, names its file, and stops there', async () => {
    await delta('20300101000000_first', 'CREATE TABLE extra_first (id int)');
    await delta('20300102000000_second', 'CREATE TABLE extra_second (id int); SELECT 1/0');
    await delta('20300103000000_third', 'CREATE TABLE extra_third (id int)');
    await expect(migrate(url, directory)).rejects.toMatchObject({
      message: '20300102000000_second.sql: division by zero',
      code: '22012',
    });
    expect(await tables()).toEqual(['extra_first']);
    await delta('20300102000000_second', 'CREATE TABLE extra_second (id int)');
    const { applied } = await migrate(url, directory);
    expect(applied).toEqual(['20300102000000_second', '20300103000000_third']);
  });

  test('fails, instead of changing nothing, where a delta meets the walls', async () => {
    await delta('20300101000000_first', 'SET LOCAL ROLE podcast_owner; UPDATE podcasts SET author = title');
    await expect(migrate(url, directory)).rejects.toMatchObject({ code: '42501' });
  });

  test('refuses an SQL file with a name that nothing would apply', async () => {
    for (const name of ['add_column', '20300101_short', '20300101000000_Upper', '20300101000000-dash']) {
      await delta(name, 'SELECT 1');
      await expect(migrate(url, directory)).rejects.toThrow(`${name}.sql: a delta is named`);
      await rm(join(directory, `${name}.sql`));
    }
    expect(await deltaNames(directory)).toEqual([]);
  });
});
