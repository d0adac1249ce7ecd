import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { testServers, testUrl } from '@lib/testing';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { catalogueFaults } from './catalogue-faults.sql.js';
import { startEmbeddedPostgres, type EmbeddedPostgres } from './embedded/index.js';
import { MASTER_SCHEMA, migrate, migrationsDirectory } from './migrate.js';

const MASTER = { road: 'master', applied: [MASTER_SCHEMA] };
const NONE = { road: 'none', applied: [] };

let clients: pg.Client[] = [];
let databases: string[] = [];

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

afterEach(async () => {
  await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
  clients = [];
  const server = await connect(urlOf('postgres'));
  for (const name of databases) await server.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  databases = [];
});
afterAll(() => Promise.all(clients.map((client) => client.end())));

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
