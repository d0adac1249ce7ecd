import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSettings, type Settings } from '@lib/config';
import pg from 'pg';
import { onEveryNode } from './citus-nodes.js';
import { STATE_VARIABLE, type TestServers } from './servers.js';
import { TEMPLATE, testUrl } from './test-postgres.js';

/** A migrated database of one spec file, with the URLs of every login. */
export interface TestDatabase {
  readonly name: string;
  /** Sees everything; for preparing and for checking, never for the code under test. */
  readonly owner: pg.Pool;
  readonly urls: { owner: string; app: string; maintenance: string; admin: string; queue: string };
  readonly redisUrl: string | null;
  drop(): Promise<void>;
}

/** The servers that global-setup started. */
export function testServers(): TestServers {
  const state = process.env[STATE_VARIABLE];
  if (state === undefined)
    throw new Error('the test servers are not running: use the db or e2e project of jest.config.mjs');
  return JSON.parse(state) as TestServers;
}

/** The time-series engine of every test database: a case about one engine alone is declared only there. */
export function testEngine(): string {
  return testServers().engine.name;
}

/** Whether that engine computes the hourly and daily aggregates itself. */
export function hasOwnAggregates(): boolean {
  return testServers().engine.ownAggregates;
}

/** A raw table as whoever sees everything names it, under any search path; see {@link ownerOptions}. */
export function rawTable(name: 'listener_events' | 'attribution_events'): string {
  return testEngine() === 'timescale' ? `ts.${name}` : name;
}

/** Clones the migrated template into a database of its own. Takes a fraction of a second. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const servers = testServers();
  const { host, port, superuser, logins } = servers;
  const name = `t_${randomBytes(6).toString('hex')}`;
  const direct = (user: string, password: string, database: string) =>
    testUrl(host, port, user, password, database);
  const viaPooler = (user: string, password: string) =>
    testUrl(servers.bouncer?.host ?? host, servers.bouncer?.port ?? port, user, password, name);
  const serverUrl = direct(superuser.user, superuser.password, 'postgres');
  await run(serverUrl, (client) => onEveryNode(client, `CREATE DATABASE ${name} TEMPLATE ${TEMPLATE}`));
  const ownerUrl = direct(superuser.user, superuser.password, name);
  // Rights on the database itself are not cloned.
  await run(ownerUrl, (client) => client.query('SELECT secure_database()'));
  const owner = new pg.Pool({
    connectionString: ownerUrl,
    max: 4,
    options: ownerOptions(servers.engine.name),
  });
  owner.on('error', () => undefined);
  if (servers.engine.name === 'citus') tellWrittenFiles(owner);
  return {
    name,
    owner,
    urls: {
      owner: ownerUrl,
      app: viaPooler('podcast_app', logins.podcast_app),
      maintenance: viaPooler('podcast_maintenance', logins.podcast_maintenance),
      admin: viaPooler('podcast_admin', logins.podcast_admin),
      queue: direct('podcast_queue', logins.podcast_queue, name),
    },
    redisUrl: servers.redisUrl,
    drop: async () => {
      await owner.end();
      rmSync(spoolOf(name), { recursive: true, force: true });
      await run(serverUrl, (client) => onEveryNode(client, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
    },
  };
}

/** Settings of a process on a test database. `overrides` are environment variables. */
export function testSettings(database: TestDatabase, overrides: Record<string, string> = {}): Settings {
  return readSettings({
    DATABASE_URL: database.urls.app,
    MAINTENANCE_DATABASE_URL: database.urls.maintenance,
    ADMIN_DATABASE_URL: database.urls.admin,
    QUEUE_DATABASE_URL: database.urls.queue,
    MIGRATION_DATABASE_URL: database.urls.owner,
    API_KEY_PEPPER: 'a pepper that is only good for tests',
    PRIVACY_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
    LOG_LEVEL: 'silent',
    SHUTDOWN_DRAIN_MS: '0',
    // Tests ask again at once: answers come from memory all the same, after a look.
    METRICS_FRESH_MS: '0',
    SPOOL_DIR: spoolOf(database.name),
    ...overrides,
  });
}

/**
 * On TimescaleDB the names of the raw tables are views that show one tenant's rows, to a superuser too: whoever prepares
 * and checks means the hypertables behind them. Roles that may not enter that schema still mean the views.
 */
function ownerOptions(engine: string): string {
  if (engine === 'timescale') return '-c search_path=ts,public';
  // Specs change several tables in one transaction, which nodes do one after another only, and join across tenants.
  return engine === 'citus'
    ? '-c citus.multi_shard_modify_mode=sequential -c citus.enable_repartition_joins=on'
    : '';
}

/** Does for the owner's statements what triggers do elsewhere: notes the files of episodes that were written. */
function tellWrittenFiles(owner: pg.Pool): void {
  const query = owner.query.bind(owner) as (...args: unknown[]) => Promise<unknown>;
  const tell = async () => {
    const { rows } = (await query(
      'SELECT tenant_id, array_agg(id) AS ids FROM episodes GROUP BY 1',
    )) as pg.QueryResult<{
      tenant_id: string;
      ids: string[];
    }>;
    for (const { tenant_id, ids } of rows) await query('SELECT note_written_files($1, $2)', [tenant_id, ids]);
  };
  owner.query = (async (...args: unknown[]) => {
    const answer = await query(...args);
    if (/\b(INSERT INTO|UPDATE) (public\.)?episodes\b/.test(String(args[0]))) await tell();
    return answer;
  }) as typeof owner.query;
}

function spoolOf(name: string): string {
  return join(tmpdir(), `podcast-spool-${name}`);
}

async function run(url: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
