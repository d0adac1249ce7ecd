import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { deltaNames, MASTER_SCHEMA, migrationsDirectory } from '@lib/database';
import { testServers, testUrl } from '@lib/testing';
import {
  copyProject,
  postgresClientMissing,
  query,
  ROOT,
  run,
  scratchDatabase,
  type ProjectCopy,
  type ScratchDatabase,
} from './migration-trial.js';

const CONTAINED = /contained constant text\[\] := ARRAY\[(.*?)\]::text\[\]/s;

const suite = postgresClientMissing('db-migrate-local.sh') ? describe.skip : describe;

suite('db-migrate-local.sh', () => {
  const copies: ProjectCopy[] = [];
  let database: ScratchDatabase;

  const urlOf = (name: string) => {
    const { host, port, superuser } = testServers();
    return testUrl(host, port, superuser.user, superuser.password, name);
  };
  const local = (target = database.url, root = ROOT, environment: Record<string, string> = {}) =>
    run('bash', [join(root, 'scripts', 'db-migrate-local.sh'), target], environment);
  const migrated = async () => expect(await local()).toMatchObject({ status: 0 });
  const project = () => {
    const copy = copyProject();
    copies.push(copy);
    return copy;
  };

  beforeEach(async () => {
    database = await scratchDatabase(urlOf);
  });
  afterEach(() => database.drop());
  afterAll(() => copies.forEach((copy) => copy.remove()));

  it('gives an empty database the master, and a second run nothing', async () => {
    const first = await local();
    expect(first.said).toContain(`applied ${MASTER_SCHEMA}`);
    expect(first.said).toMatch(/row-level security is forced on \d\d tables and \d+ partitions/);
    expect(first.said).toMatch(/engine (partitions|timescale)/);
    expect(first.status).toBe(0);
    expect(await database.applied()).toEqual(await deltaNames(migrationsDirectory()));

    const second = await local();
    expect(second.said).toContain('nothing to apply: the schema is up to date');
    expect(second.status).toBe(0);
  });

  it('lets two runs at once end well, with one doing the work', async () => {
    const both = await Promise.all([local(), local()]);
    expect(both.map(({ status }) => status)).toEqual([0, 0]);
    expect(both.filter(({ said }) => said.includes('applied '))).toHaveLength(1);
    expect(both.filter(({ said }) => said.includes('nothing to apply'))).toHaveLength(1);
  });

  it('applies pending deltas in the order of their dates and records each', async () => {
    await migrated();
    const copy = project();
    copy.addDelta('20990101000002_second', 'INSERT INTO added VALUES (1)');
    copy.addDelta('20990101000001_first', 'CREATE TABLE added (x integer);');
    const { said, status } = await local(database.url, copy.directory);
    expect(said).toMatch(/applied 20990101000001_first\.sql\napplied 20990101000002_second\.sql\n/);
    expect(status).toBe(0);
    expect((await database.applied()).slice(-2)).toEqual(['20990101000001_first', '20990101000002_second']);
    expect((await local(database.url, copy.directory)).said).toContain('nothing to apply');
  });

  it('undoes a delta that fails as a whole and stops there', async () => {
    await migrated();
    const copy = project();
    copy.addDelta('20990101000001_good', 'CREATE TABLE good (x integer);');
    copy.addDelta('20990101000002_bad', 'CREATE TABLE half (x integer); SELECT 1 / 0;');
    copy.addDelta('20990101000003_later', 'CREATE TABLE later (x integer);');
    const { said, status } = await local(database.url, copy.directory);
    expect(said).toContain('division by zero');
    expect(status).toBe(1);
    expect((await database.applied()).slice(-1)).toEqual(['20990101000001_good']);
    expect(await database.tables()).not.toContain('half');
    expect(await database.tables()).not.toContain('later');
  });

  it('names a table that has lost its wall', async () => {
    await migrated();
    await query(
      database.url,
      'ALTER TABLE podcasts NO FORCE ROW LEVEL SECURITY; DROP POLICY tenant_wall ON episodes',
    );
    const { said, status } = await local();
    expect(said).toContain('podcasts: row-level security is not enabled and forced');
    expect(said).toContain('episodes: policy tenant_wall is missing');
    expect(status).toBe(1);
  });

  it('makes no schema for an engine that this version does not have', async () => {
    const { said, status } = await local(database.url, ROOT, { TIME_SERIES_ENGINE: 'other' });
    expect(said).toContain(
      'the engine is other: this version makes schemas for partitions, timescale and citus only',
    );
    expect(status).toBe(2);
    expect(await database.tables()).toEqual([]);
  });

  it('keeps the engine that the schema was made for, and says which', async () => {
    await migrated();
    const copy = project();
    copy.addDelta('20990101000001_next', 'CREATE TABLE next (x integer);');
    const again = (engine: string) => local(database.url, copy.directory, { TIME_SERIES_ENGINE: engine });
    const [info] = await query<{ engine: string }>(database.url, 'SELECT engine FROM schema_info');
    const engine = info?.engine ?? 'none';
    const other = await again('citus');
    expect(other.said).toContain(
      `TIME_SERIES_ENGINE is citus, but the database was migrated for ${engine}; the engine is chosen once`,
    );
    expect(other.status).toBe(2);
    await query(database.url, "UPDATE schema_info SET engine = 'citus'");
    const foreign = await again('');
    expect(foreign.said).toContain(
      'the engine is citus, but the extension citus was not created in this database',
    );
    expect(foreign.status).toBe(2);
    expect((await again('partitions')).said).toContain('but the database was migrated for citus');
    expect(await database.tables()).not.toContain('next');
    await query(database.url, `UPDATE schema_info SET engine = '${engine}'`);
    expect((await again(engine)).status).toBe(0);
  });

  it('refuses a server elsewhere before it connects', async () => {
    const { said, status } = await local('postgresql://postgres:hidden@db.example.com/podcast');
    expect(said).toContain('db.example.com is not this machine');
    expect(status).toBe(2);
  });

  it('refuses what is not a postgresql URL without repeating it', async () => {
    const { said, status } = await local('mysql://root:hidden@localhost/podcast');
    expect(said).not.toContain('hidden');
    expect(status).toBe(2);
  });

  it('refuses the master on a schema that lacks a delta which the master contains', async () => {
    const copy = project();
    const addToList = (text: string) =>
      text.replace(
        CONTAINED,
        (_, names: string) =>
          `contained constant text[] := ARRAY[${[names.trim(), "'20990101000001_folded'"].filter(Boolean).join(', ')}]::text[]`,
      );
    await migrated();
    copy.editMaster(addToList);
    const master = join(copy.directory, 'db', 'migrations', MASTER_SCHEMA);
    const over = await run('psql', ['-Xqv', 'ON_ERROR_STOP=1', '-f', master, database.url], {});
    expect(over.said).toContain('without 20990101000001_folded');
    expect(over.said).toContain('Apply the deltas');
    expect(over.status).not.toBe(0);

    await database.drop();
    database = await scratchDatabase(urlOf);
    await local(database.url, copy.directory);
    expect((await database.applied()).slice(-1)).toEqual(['20990101000001_folded']);
  });
});
