import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError } from '@lib/primitives';
import pg from 'pg';
import { connectionConfig } from './connection.js';
import { engineFault } from './engine-fault.sql.js';
import { projectRoot } from './project-root.js';

/** File that holds the whole schema; every other file beside it is a dated delta. */
export const MASTER_SCHEMA = '99999999999999_master_schema.sql';

/** Which road a migration took: an empty database takes the master, an existing one its pending deltas. */
export interface MigrationOutcome {
  road: 'master' | 'deltas' | 'none';
  applied: string[];
}

/** What a migration may be told. */
export interface MigrationRequest {
  /** Where the SQL files are. */
  directory?: string;
  /** TIME_SERIES_ENGINE, where the environment names one. */
  engine?: string | undefined;
}

/** The directory of the schema's SQL files. */
export function migrationsDirectory(): string {
  return join(projectRoot(), 'db', 'migrations');
}

/**
 * Names of the dated deltas, oldest first, without their ending.
 * @throws Error for an SQL file with any other name, which nothing would ever apply
 */
export async function deltaNames(directory: string): Promise<string[]> {
  const files = await readdir(directory);
  const deltas = files.filter((file) => file.endsWith('.sql') && file !== MASTER_SCHEMA);
  const stray = deltas.find((file) => !/^\d{14}_[a-z0-9_]+\.sql$/.test(file));
  if (stray !== undefined) throw new Error(`${stray}: a delta is named YYYYMMDDHHMMSS_what_it_does.sql`);
  return deltas.map((file) => file.slice(0, -'.sql'.length)).sort();
}

/**
 * Brings the database to the newest schema. Safe to run twice and by many processes at once: a session advisory lock
 * lets one work while the others wait and then find nothing to do.
 *
 * @param url a direct connection (not a transaction pooler) whose login may create roles and extensions
 * @throws DomainError `engine_mismatch` where the schema is, or should be, one for another engine
 * @throws the database's own error, led by the name of the file, which is rolled back as a whole
 */
export async function migrate(
  url: string,
  { directory = migrationsDirectory(), engine }: MigrationRequest = {},
): Promise<MigrationOutcome> {
  const client = new pg.Client(connectionConfig(url));
  await client.connect();
  try {
    await client.query("SELECT pg_advisory_lock(hashtextextended('podcast.migrate', 0))");
    const fault = await engineFault(client, engine);
    if (fault !== undefined) throw new DomainError('engine_mismatch', 409, fault);
    const { rows } = await client.query<{ present: boolean }>(
      "SELECT to_regclass('public.schema_migrations') IS NOT NULL AS present",
    );
    if (rows[0]?.present !== true) {
      await makeSchema(client, directory, engine);
      return { road: 'master', applied: [MASTER_SCHEMA] };
    }
    const applied = [];
    for (const name of await pendingDeltas(client, directory)) {
      await applyDelta(client, name, await readFile(join(directory, `${name}.sql`), 'utf8'));
      applied.push(name);
    }
    return { road: applied.length === 0 ? 'none' : 'deltas', applied };
  } finally {
    await client.end();
  }
}

/**
 * Runs the master, and what the engine makes of it, in the master's one transaction: its last word, COMMIT, waits until
 * the engine is done.
 */
async function makeSchema(client: pg.Client, directory: string, wanted: string | undefined): Promise<void> {
  const master = await readFile(join(directory, MASTER_SCHEMA), 'utf8');
  const engineFile = (name: string) => readFile(join(projectRoot(), 'db', 'engines', `${name}.sql`), 'utf8');
  const engine = async () => {
    const { rows } = await client.query<{ engine: string }>(await engineFile('detect'));
    return wanted ?? rows[0]?.engine ?? 'partitions';
  };
  if ((await engine()) === 'citus') await client.query(await engineFile('citus-roles'));
  await client.query(master.replace(/COMMIT;\s*$/, ''));
  const chosen = await engine(); // the master creates the extension of one
  if (chosen !== 'partitions') await client.query(await engineFile(chosen));
  await client.query('COMMIT');
}

/** Deltas that the database has not had. Needs SELECT on `schema_migrations`. */
export async function pendingDeltas(
  client: Pick<pg.ClientBase, 'query'>,
  directory = migrationsDirectory(),
): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>('SELECT name FROM public.schema_migrations');
  const done = new Set(rows.map((row) => row.name));
  return (await deltaNames(directory)).filter((name) => !done.has(name));
}

async function applyDelta(client: pg.Client, name: string, text: string): Promise<void> {
  await client.query(
    'BEGIN; SET LOCAL search_path = public, extensions; SET LOCAL row_security = off; SET LOCAL lock_timeout = 5000',
  );
  try {
    await client.query(text);
    await client.query('SET LOCAL ROLE podcast_owner');
    await client.query('INSERT INTO public.schema_migrations (name) VALUES ($1)', [name]);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    if (error instanceof Error) error.message = `${name}.sql: ${error.message}`;
    throw error;
  }
}
