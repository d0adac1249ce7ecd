import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { MASTER_SCHEMA } from '@lib/database';
import pg from 'pg';

/** The repository. */
export const ROOT = resolve(__dirname, '..');

/** How a program ended, and its standard output and standard error as a terminal would show them. */
export interface Ran {
  status: number | null;
  said: string;
}

/** An empty database for one test. */
export interface ScratchDatabase {
  readonly name: string;
  /** Login of the cluster's superuser. */
  readonly url: string;
  /** Names of the tables in schema public, sorted. */
  tables(): Promise<string[]>;
  /** Names in `schema_migrations`, sorted. */
  applied(): Promise<string[]>;
  drop(): Promise<void>;
}

/** A copy of scripts and schema in a directory of its own, in which a test can change both. */
export interface ProjectCopy {
  readonly directory: string;
  addDelta(name: string, text: string): void;
  editMaster(edit: (text: string) => string): void;
  remove(): void;
}

/**
 * Whether `psql` and `pg_dump` are absent, so that the suite must be skipped; then says so on standard output.
 * @throws where `REQUIRE_POSTGRES_CLIENT=1` turns a skip into a failure
 */
export function postgresClientMissing(suite: string): boolean {
  if (spawnSync('psql', ['--version']).status === 0 && spawnSync('pg_dump', ['--version']).status === 0)
    return false;
  if (process.env['REQUIRE_POSTGRES_CLIENT'] === '1')
    throw new Error('REQUIRE_POSTGRES_CLIENT=1, but psql and pg_dump are not on the PATH');
  process.stdout.write(`\nSKIPPED: ${suite}. Install the PostgreSQL client (psql, pg_dump) to run it.\n`);
  return true;
}

/** The same where `pg_dump` is older than the server, which it then refuses to dump. */
export function pgDumpMissing(suite: string, serverMajor: number): boolean {
  if (postgresClientMissing(suite)) return true;
  const [, major] = /(\d+)/.exec(spawnSync('pg_dump', ['--version'], { encoding: 'utf8' }).stdout) ?? [];
  if (Number(major) >= serverMajor) return false;
  process.stdout.write(
    `\nSKIPPED: ${suite}. pg_dump is of PostgreSQL ${major}, the server of ${serverMajor}.\n`,
  );
  return true;
}

/** Runs a program to its end, with this environment and nothing on standard input: there is no terminal. */
export function run(
  command: string,
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<Ran> {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], LC_ALL: 'C', ...environment },
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (status) => done({ status, said }));
  });
}

/** Runs statements without parameters on a connection of their own; the rows are those of a single statement. */
export async function query<Row extends object>(url: string, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

/** Creates an empty database. `urlOf` gives the superuser's URL of a database by name. */
export async function scratchDatabase(urlOf: (database: string) => string): Promise<ScratchDatabase> {
  const name = `m_${randomBytes(6).toString('hex')}`;
  const url = urlOf(name);
  await query(urlOf('postgres'), `CREATE DATABASE ${name}`);
  const names = async (text: string) => (await query<{ name: string }>(url, text)).map((row) => row.name);
  return {
    name,
    url,
    tables: () => names(`SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`),
    applied: () => names('SELECT name FROM schema_migrations ORDER BY name'),
    drop: async () => {
      await query(urlOf('postgres'), `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

/** Copies `scripts` and `db` to a temporary directory. */
export function copyProject(): ProjectCopy {
  const directory = mkdtempSync(join(tmpdir(), 'podcast-migrate-'));
  for (const part of ['scripts', 'db']) cpSync(join(ROOT, part), join(directory, part), { recursive: true });
  const migrations = join(directory, 'db', 'migrations');
  const master = join(migrations, MASTER_SCHEMA);
  return {
    directory,
    addDelta: (name, text) => writeFileSync(join(migrations, `${name}.sql`), text),
    editMaster: (edit) => writeFileSync(master, edit(readFileSync(master, 'utf8'))),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
