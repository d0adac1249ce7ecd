import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase, testEngine, type TestDatabase } from '@lib/testing';
import pg from 'pg';
import { roleFaults } from './role-faults.sql.js';

let database: TestDatabase;
const clients: pg.Client[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await Promise.all(clients.map((client) => client.end()));
  await database.drop();
});

/** The faults of whoever is in force after `prologue`, in a transaction that is rolled back. */
async function faultsAfter(url: string, prologue: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: url });
  clients.push(client);
  await client.connect();
  await client.query('BEGIN');
  await client.query(prologue);
  const faults = await roleFaults(
    async <Row extends object>(text: string) => (await client.query<Row>(text)).rows,
  );
  await client.query('ROLLBACK');
  return faults;
}

const asApp = 'SET LOCAL ROLE podcast_app';
const broken = (breaking: string, role = 'podcast_app') =>
  faultsAfter(database.urls.owner, `${breaking}; SET LOCAL ROLE ${role}`);
const saying = (text: string) => expect.arrayContaining([expect.stringContaining(text)]);

describe('a role that may serve tenants', () => {
  test.each(['app', 'maintenance', 'admin'] as const)('is %s on its own login', async (role) => {
    expect(await faultsAfter(database.urls[role], 'SELECT')).toEqual([]);
  });

  test('is what a superuser login dropped to, also within a read-only transaction', async () => {
    expect(await faultsAfter(database.urls.owner, asApp)).toEqual([]);
    expect(await faultsAfter(database.urls.owner, `SET TRANSACTION READ ONLY; ${asApp}`)).toEqual([]);
  });
});

describe('a role that may not is', () => {
  test('the superuser itself', async () => {
    const faults = await faultsAfter(database.urls.owner, 'SELECT');
    expect(faults).toEqual(saying('is superuser, bypasses row-level security'));
    expect(faults).toEqual(saying('row-level security is not active on podcasts'));
  });

  test('the owner of the tables, although it is walled too', async () => {
    const faults = await broken('SELECT', 'podcast_owner');
    expect(faults).toEqual(saying('podcast_owner owns podcasts'));
    // Nothing walls it in on hypertables: there the wall is a view before it.
    const unwalled = faults.filter(
      (fault) => fault.includes('is not active') && !/ (ts|_timescaledb_internal)\./.test(fault),
    );
    expect(unwalled).toEqual([]);
  });

  test('the owner of one table', async () => {
    const breaking =
      'GRANT CREATE ON SCHEMA public TO podcast_app; ALTER TABLE user_agents OWNER TO podcast_app';
    expect(await broken(breaking)).toEqual(saying('podcast_app owns user_agents'));
  });

  test.each(['podcast_admin', 'podcast_owner', 'pg_read_all_data', 'pg_execute_server_program'])(
    'a member of %s',
    async (role) => {
      expect(await broken(`GRANT ${role} TO podcast_app`)).toEqual(
        saying(`podcast_app is a member of ${role}`),
      );
    },
  );

  test('a member of a member', async () => {
    const chain =
      'CREATE ROLE between_us; GRANT podcast_admin TO between_us; GRANT between_us TO podcast_app';
    expect(await broken(chain)).toEqual(saying('podcast_app is a member of podcast_admin'));
  });

  test.each(['SUPERUSER', 'BYPASSRLS', 'CREATEROLE', 'CREATEDB', 'REPLICATION'])('%s', async (attribute) => {
    expect(await broken(`ALTER ROLE podcast_app ${attribute}`)).toEqual(
      saying('podcast_app is superuser, bypasses'),
    );
  });

  test('the queue, which may create', async () => {
    const faults = await broken('SELECT', 'podcast_queue');
    expect(faults).toEqual(saying('podcast_queue may create in schema bullmq'));
    expect(faults).toEqual(saying('podcast_queue may create temporary tables'));
  });

  test.each([
    ['row-level security is not active on podcasts', 'ALTER TABLE podcasts DISABLE ROW LEVEL SECURITY'],
    ['may TRUNCATE', 'GRANT TRUNCATE ON podcasts TO podcast_app'],
    ['may TRUNCATE', 'GRANT TRIGGER ON user_agents TO PUBLIC'],
    ['may create in schema public', 'GRANT CREATE ON SCHEMA public TO podcast_app'],
    [
      'may create temporary tables',
      "DO $$ BEGIN EXECUTE format('GRANT TEMP ON DATABASE %I TO PUBLIC', current_database()); END $$",
    ],
    [
      'is not active on copies',
      'CREATE TABLE copies AS SELECT * FROM podcasts; GRANT SELECT ON copies TO podcast_app',
    ],
    [
      'is not active on copies',
      'CREATE TABLE copies AS SELECT * FROM podcasts; GRANT SELECT (title) ON copies TO podcast_app',
    ],
    [
      'is not active on copies',
      'CREATE MATERIALIZED VIEW copies AS SELECT * FROM podcasts; GRANT SELECT ON copies TO podcast_app',
    ],
    [
      'copies shows the rows of every tenant',
      'CREATE VIEW public.copies AS SELECT * FROM podcasts; GRANT SELECT (title) ON public.copies TO podcast_app',
    ],
    [
      'is not active on elsewhere.copies',
      'CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.copies AS SELECT * FROM podcasts; GRANT INSERT ON elsewhere.copies TO PUBLIC',
    ],
  ])('one for which something is open: %s', async (fault, breaking) => {
    expect(await broken(breaking)).toEqual(saying(fault));
  });

  if (testEngine() === 'partitions')
    test('one that can reach a single partition without the wall', async () => {
      const name =
        "(SELECT min(inhrelid::regclass::text) FROM pg_inherits WHERE inhparent = 'listener_events'::regclass)";
      const faults = await broken(
        `DO $$ DECLARE part text := ${name}; BEGIN
         EXECUTE format('ALTER TABLE %I DISABLE ROW LEVEL SECURITY', part);
         EXECUTE format('GRANT SELECT ON %I TO podcast_app', part);
       END $$`,
      );
      expect(faults).toEqual([
        expect.stringMatching(/^row-level security is not active on listener_events_p\d{8}$/),
      ]);
    });

  test('any on a database without the schema', async () => {
    const everything = await broken(
      'DROP SCHEMA IF EXISTS ts CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public',
    );
    expect(everything).toEqual(['tenant tables are missing: the schema has not been migrated']);
  });
});
