import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@lib/testing';
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

  test('makes no schema for an engine that this version does not have', async () => {
    const { exitCode, out, errors } = await migrate(['--yes'], undefined, {
      TIME_SERIES_ENGINE: 'timescale',
    });
    expect({ exitCode, out, errors }).toEqual({
      exitCode: 1,
      out: '',
      errors: 'TIME_SERIES_ENGINE is timescale: this version makes schemas for partitions only',
    });
    const unknown = await migrate(['--yes'], undefined, { TIME_SERIES_ENGINE: 'influx' });
    expect(unknown.exitCode).toBe(1);
    expect(unknown.errors).toContain('TIME_SERIES_ENGINE');
    expect((await migrate([])).out).toContain('Road     master');
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
    expect((await migrate(['--yes'], undefined, { TIME_SERIES_ENGINE: 'partitions' })).exitCode).toBe(0);
    const { exitCode, out, errors, questions } = await migrate([], true, { TIME_SERIES_ENGINE: 'timescale' });
    expect({ exitCode, out, errors, questions }).toEqual({
      exitCode: 1,
      out: '',
      errors:
        'TIME_SERIES_ENGINE is timescale, but the database was migrated for partitions; the engine is chosen once',
      questions: [],
    });
    await runSql("UPDATE schema_info SET engine = 'timescale'");
    const foreign = await migrate(['--yes']);
    await runSql("UPDATE schema_info SET engine = 'partitions'");
    expect(foreign).toMatchObject({
      exitCode: 1,
      errors: 'the database was migrated for timescale: this version changes schemas for partitions only',
    });
  });

  test('never shows the password', async () => {
    const { out } = await migrate(['--yes']);
    expect(out).not.toContain(decodeURIComponent(/:([^:@]+)@/.exec(url)?.[1] ?? 'no password'));
  });
});

async function runSql(text: string): Promise<void> {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(text);
  await client.end();
}
