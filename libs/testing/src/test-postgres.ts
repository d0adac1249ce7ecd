import { join } from 'node:path';
import { ensureRoleLogins, migrate, startEmbeddedPostgres, type ServerLogin } from '@lib/database';
import pg from 'pg';
import { joinCluster, onEveryNode } from './citus-nodes.js';

/** Database that every test database is cloned from. */
export const TEMPLATE = 'podcast_template';
const LOGINS = ['podcast_app', 'podcast_maintenance', 'podcast_admin', 'podcast_queue'] as const;

/** The time-series engine of the template, as `schema_info` names it. */
export interface TestedEngine {
  name: string;
  /** Whether it computes the hourly and daily aggregates itself. TimescaleDB's Apache edition does not. */
  ownAggregates: boolean;
}

/** The PostgreSQL server of a test run, with a login for each role and a migrated template. */
export interface TestPostgres {
  host: string;
  port: number;
  /** The server's major version. */
  major: number;
  superuser: { user: string; password: string };
  logins: Record<(typeof LOGINS)[number], string>;
  engine: TestedEngine;
  stop: () => Promise<void>;
}

/**
 * The server that TEST_DATABASE_URL names, or one that is started in `directory`: of the installed npm package, or of the
 * one in the folder TEST_POSTGRES_PACKAGE.
 */
export async function startTestPostgres(directory: string): Promise<TestPostgres> {
  const url = process.env['TEST_DATABASE_URL'];
  const server = url === undefined ? await startServer(directory) : await enterServer(url);
  const logins = await ensureRoleLogins(server.login, join(directory, 'logins.json'), LOGINS);
  const { major, engine } = await createTemplate(server.login);
  return {
    host: server.login.host,
    port: server.login.port,
    major,
    superuser: { user: server.login.superuser, password: server.login.superuserPassword },
    logins,
    engine,
    stop: server.stop,
  };
}

/** A libpq URL that `pg` and `psql` understand. A host that is a directory is a Unix socket. */
export function testUrl(
  host: string,
  port: number,
  user: string,
  password: string,
  database: string,
): string {
  const login = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
  return host.startsWith('/')
    ? `postgresql://${login}@localhost:${port}/${database}?host=${encodeURIComponent(host)}`
    : `postgresql://${login}@${host}:${port}/${database}`;
}

interface EnteredServer {
  login: ServerLogin;
  stop: () => Promise<void>;
}

async function startServer(directory: string): Promise<EnteredServer> {
  const packageDirectory = process.env['TEST_POSTGRES_PACKAGE'];
  const login = await startEmbeddedPostgres({
    dataDir: join(directory, 'pg'),
    settings: { max_connections: '200' },
    ...(packageDirectory !== undefined && { packageDirectory }),
  });
  return { login, stop: () => login.stop() };
}

/** @throws Error where the login is no superuser: tests make databases and set the passwords of roles */
async function enterServer(url: string): Promise<EnteredServer> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ super: boolean }>(
    'SELECT rolsuper AS super FROM pg_roles WHERE rolname = current_user',
  );
  await client.end();
  if (rows[0]?.super !== true)
    throw new Error('TEST_DATABASE_URL must be the login of a superuser, on a server for tests alone');
  const login = {
    host: client.host,
    port: client.port,
    superuser: client.user ?? 'postgres',
    superuserPassword: client.password ?? '',
  };
  return { login, stop: () => dropTestDatabases(login) };
}

async function createTemplate(login: ServerLogin): Promise<{ major: number; engine: TestedEngine }> {
  const major = await asSuperuser(login, async (client) => {
    await onEveryNode(client, `DROP DATABASE IF EXISTS ${TEMPLATE} WITH (FORCE)`);
    await onEveryNode(client, `CREATE DATABASE ${TEMPLATE}`);
    await asSuperuser(login, (template) => joinCluster(client, template), TEMPLATE);
    const { rows } = await client.query<{ version: string }>(
      `SELECT current_setting('server_version_num') AS version`,
    );
    return Math.floor(Number(rows[0]?.version) / 10_000);
  });
  const wanted = process.env['TIME_SERIES_ENGINE'];
  await migrate(urlOf(login, TEMPLATE), { engine: wanted });
  const { rows } = await asSuperuser(
    login,
    (client) =>
      client.query<TestedEngine>(
        `SELECT engine AS name, to_regclass('public.episode_events_hourly') IS NOT NULL AS "ownAggregates" FROM schema_info`,
      ),
    TEMPLATE,
  );
  // TimescaleDB and Citus look after every database that has them, and nobody may be in a template while it is cloned.
  await asSuperuser(login, async (client) => {
    await onEveryNode(client, `ALTER DATABASE ${TEMPLATE} ALLOW_CONNECTIONS false`);
    await onEveryNode(
      client,
      `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '${TEMPLATE}'`,
    );
  });
  return { major, engine: rows[0] ?? { name: 'none', ownAggregates: false } };
}

/** Also those of runs that were killed. */
async function dropTestDatabases(login: ServerLogin): Promise<void> {
  await asSuperuser(login, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT datname AS name FROM pg_database WHERE datname ~ '^t_[0-9a-f]{12}$' OR datname = $1`,
      [TEMPLATE],
    );
    for (const { name } of rows) await onEveryNode(client, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  });
}

async function asSuperuser<T>(
  login: ServerLogin,
  work: (client: pg.Client) => Promise<T>,
  database = 'postgres',
): Promise<T> {
  const client = new pg.Client({ connectionString: urlOf(login, database) });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function urlOf({ host, port, superuser, superuserPassword }: ServerLogin, database: string): string {
  return testUrl(host, port, superuser, superuserPassword, database);
}
