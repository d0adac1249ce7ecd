import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createTestDatabase, testEngine, type TestDatabase } from '@lib/testing';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deltaNames, migrate, pendingDeltas } from './migrate.js';

let database: TestDatabase;
let url: string;
let directory: string;

beforeEach(async () => {
  database = await createTestDatabase();
  url = database.urls.owner;
  // Without a master: a database with a schema never asks for it.
  directory = await mkdtemp(join(tmpdir(), 'migrations-'));
});
afterEach(async () => {
  await database.drop();
  await rm(directory, { recursive: true });
});

const delta = (name: string, text: string) => writeFile(join(directory, `${name}.sql`), text);

async function read<Row extends object>(text: string): Promise<Row[]> {
  return (await database.owner.query<Row>(text)).rows;
}

const tables = async () =>
  (
    await read<{ name: string }>(
      "SELECT relname AS name FROM pg_class WHERE relname ~ '^extra_[a-z]+$' AND relkind = 'r' ORDER BY 1",
    )
  ).map(({ name }) => name);

test('a database with a schema takes each delta once, oldest first, and records it', async () => {
  await delta('20300102000000_second', 'CREATE TABLE extra_second AS SELECT * FROM extra_first');
  await delta('20300101000000_first', 'CREATE TABLE extra_first (id int)');
  const names = ['20300101000000_first', '20300102000000_second'];
  expect(await pendingDeltas(database.owner, directory)).toEqual(names);
  expect(await migrate(url, { directory })).toEqual({ road: 'deltas', applied: names });
  expect(await migrate(url, { directory })).toEqual({ road: 'none', applied: [] });
  expect(await tables()).toEqual(['extra_first', 'extra_second']);
  expect(await read('SELECT name FROM schema_migrations ORDER BY 1')).toEqual(
    names.map((name) => ({ name })),
  );
});

test('a database keeps the engine that it was made for', async () => {
  await delta('20300101000000_first', 'CREATE TABLE extra_first (id int)');
  const refused = (engine?: string) => expect(migrate(url, { directory, engine })).rejects;
  const engine = testEngine();
  const others = ['partitions', 'timescale', 'citus'].filter((name) => name !== engine);
  for (const wanted of others)
    await refused(wanted).toMatchObject({
      code: 'engine_mismatch',
      message: `TIME_SERIES_ENGINE is ${wanted}, but the database was migrated for ${engine}; the engine is chosen once`,
    });
  const foreign = engine === 'citus' ? 'timescale' : 'citus';
  await database.owner.query('UPDATE schema_info SET engine = $1', [foreign]);
  await refused('partitions').toThrow(`is partitions, but the database was migrated for ${foreign}`);
  const lacking = /the extension citus was not created in this database|never goes together with TimescaleDB/;
  await refused().toThrow(lacking);
  await refused(foreign).toThrow(lacking);
  expect(await tables()).toEqual([]);
  await database.owner.query('UPDATE schema_info SET engine = $1', [engine]);
  expect(await migrate(url, { directory, engine })).toMatchObject({ road: 'deltas' });
});

test('a database with a schema takes a delta that is older than the last one, when it comes late', async () => {
  await delta('20300102000000_second', 'CREATE TABLE extra_second (id int)');
  await migrate(url, { directory });
  await delta('20300101000000_first', 'CREATE TABLE extra_first (id int)');
  expect(await migrate(url, { directory })).toEqual({ road: 'deltas', applied: ['20300101000000_first'] });
});

test('a database with a schema takes a delta once from eight processes at the same time', async () => {
  await delta('20300101000000_first', 'SELECT pg_sleep(0.1); CREATE TABLE extra_first (id int)');
  const outcomes = await Promise.all(Array.from({ length: 8 }, () => migrate(url, { directory })));
  expect(outcomes.map(({ road }) => road).sort()).toEqual(['deltas', ...Array<string>(7).fill('none')]);
});

test('a database with a schema keeps nothing of a delta that fails, names its file, and stops there', async () => {
  await delta('20300101000000_first', 'CREATE TABLE extra_first (id int)');
  await delta('20300102000000_second', 'CREATE TABLE extra_second (id int); SELECT 1/0');
  await delta('20300103000000_third', 'CREATE TABLE extra_third (id int)');
  await expect(migrate(url, { directory })).rejects.toMatchObject({
    message: '20300102000000_second.sql: division by zero',
    code: '22012',
  });
  expect(await tables()).toEqual(['extra_first']);
  await delta('20300102000000_second', 'CREATE TABLE extra_second (id int)');
  const { applied } = await migrate(url, { directory });
  expect(applied).toEqual(['20300102000000_second', '20300103000000_third']);
});

test('fails, instead of changing nothing, where a delta meets the walls', async () => {
  await delta('20300101000000_first', 'SET LOCAL ROLE podcast_owner; UPDATE podcasts SET author = title');
  await expect(migrate(url, { directory })).rejects.toMatchObject({ code: '42501' });
});

test('refuses an SQL file with a name that nothing would apply', async () => {
  for (const name of ['add_column', '20300101_short', '20300101000000_Upper', '20300101000000-dash']) {
    await delta(name, 'SELECT 1');
    await expect(migrate(url, { directory })).rejects.toThrow(`${name}.sql: a delta is named`);
    await rm(join(directory, `${name}.sql`));
  }
  expect(await deltaNames(directory)).toEqual([]);
});
