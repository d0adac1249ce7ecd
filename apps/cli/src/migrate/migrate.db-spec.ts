import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@lib/testing';
import pg from 'pg';
import { runCli } from '../run-cli.js';

let servers: TestDatabase;
let url: string;
const name = `empty_${randomBytes(6).toString('hex')}`;

beforeAll(async () => {
  servers = await createTestDatabase();
  await servers.owner.query(`CREATE DATABASE ${name} TEMPLATE template0`);
  url = servers.urls.owner.replace(servers.name, name);
});
afterAll(async () => {
  await servers.owner.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  await servers.drop();
});

async function migrate(flags: string[], answer?: boolean, environment: Record<string, string> = {}) {
  const out: string[] = [];
  const errors: string[] = [];
  const questions: string[] = [];
  const exitCode = await runCli(['migrate', ...flags], {
    environment: { MIGRATION_DATABASE_URL: url, ...environment },
    print: (text) => out.push(text),
    warn: (text) => errors.push(text),
    confirm: (question) => {
      questions.push(question);
      return Promise.resolve(answer);
    },
    columns: 120,
  });
  return { exitCode, out: out.join('\n'), errors: errors.join('\n'), questions };
}

describe('podcast migrate', () => {
  test('changes nothing where nobody can be asked', async () => {
    const { exitCode, out, errors } = await migrate([]);
    expect(exitCode).toBe(1);
    expect(out).toContain(`Target   ${name} on `);
    expect(out).toContain('Road     master');
    expect(errors).toBe('Nobody can be asked here: add --yes to migrate.');
  });

  test('changes nothing when a person says no', async () => {
    const { exitCode, errors, questions } = await migrate([], false);
    expect({ exitCode, errors }).toEqual({ exitCode: 1, errors: 'Nothing was changed.' });
    expect(questions[0]).toContain(`Migrate ${name} on `);
  });

  test('makes no schema for an engine whose extension the database does not have', async () => {
    const { exitCode, out, errors } = await migrate(['--yes'], undefined, {
      TIME_SERIES_ENGINE: 'citus',
    });
    expect({ exitCode, out, errors }).toEqual({
      exitCode: 1,
      out: '',
      errors: 'TIME_SERIES_ENGINE is citus, but the extension citus was not created in this database',
    });
    const unknown = await migrate(['--yes'], undefined, { TIME_SERIES_ENGINE: 'influx' });
    expect(unknown.exitCode).toBe(1);
    expect(unknown.errors).toContain('TIME_SERIES_ENGINE');
    expect((await migrate([])).out).toContain('Road     master');
  });

  test('makes none for timescale where the server does not load TimescaleDB', async () => {
    const { rows } = await servers.owner.query<{ loads: boolean }>(
      "SELECT current_setting('timescaledb.disable_load', true) IS NOT NULL AS loads",
    );
    const { out, errors } = await migrate([], undefined, { TIME_SERIES_ENGINE: 'timescale' });
    if (rows[0]?.loads === true) expect(out).toContain('Road     master');
    else
      expect(errors).toBe(
        'TIME_SERIES_ENGINE is timescale, but the server has no TimescaleDB, or does not preload it',
      );
  });

  test('brings an empty database up and verifies it, then finds nothing to do', async () => {
    const first = await migrate(['--yes']);
    expect(first.errors).toBe('');
    expect(first.exitCode).toBe(0);
    expect(first.out).toMatch(/extensions\s+│ ok/);
    expect(first.out).toMatch(/tenant walls\s+│ ok/);
    const second = await migrate([], true);
    expect(second.exitCode).toBe(0);
    expect(second.out).toContain('Road     none');
  });

  test('fails and says why when the schema does not pass afterwards', async () => {
    await runSql('ALTER TABLE episodes DISABLE ROW LEVEL SECURITY');
    const { exitCode, out, errors } = await migrate(['--yes']);
    await runSql('ALTER TABLE episodes ENABLE ROW LEVEL SECURITY');
    expect(exitCode).toBe(1);
    expect(out).toContain('episodes: row-level security is not enabled');
    expect(errors).toBe('The schema does not pass: tenant walls.');
  });

  test('keeps the engine that the schema was made for, and says which', async () => {
    const [engine, other] = await engineAndAnother();
    expect((await migrate(['--yes'], undefined, { TIME_SERIES_ENGINE: engine })).exitCode).toBe(0);
    const { exitCode, out, errors, questions } = await migrate([], true, { TIME_SERIES_ENGINE: other });
    expect({ exitCode, out, errors, questions }).toEqual({
      exitCode: 1,
      out: '',
      errors: `TIME_SERIES_ENGINE is ${other}, but the database was migrated for ${engine}; the engine is chosen once`,
      questions: [],
    });
    await runSql("UPDATE schema_info SET engine = 'citus'");
    const foreign = await migrate(['--yes']);
    await runSql(`UPDATE schema_info SET engine = '${engine}'`);
    expect(foreign).toMatchObject({
      exitCode: 1,
      errors: 'the database was migrated for citus, but the extension citus was not created in this database',
    });
  });

  test('never shows the password', async () => {
    const { out } = await migrate(['--yes']);
    expect(out).not.toContain(decodeURIComponent(/:([^:@]+)@/.exec(url)?.[1] ?? 'no password'));
  });
});

/** The engine that the server's empty databases are migrated for, and one that they are not. */
async function engineAndAnother(): Promise<[engine: string, other: string]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ engine: string }>('SELECT engine FROM schema_info');
  await client.end();
  const engine = rows[0]?.engine ?? 'none';
  return [engine, engine === 'timescale' ? 'partitions' : 'timescale'];
}

async function runSql(text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(text);
  await client.end();
}
