import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase, hasOwnAggregates, testEngine, type TestDatabase } from '@lib/testing';
import type pg from 'pg';
import { barrierMutants } from './barrier-mutants.contract.js';
import { catalogueFaults } from './catalogue-faults.sql.js';
import { policedTables } from './isolation.contract.js';
import { policyMutants } from './policy-mutants.contract.js';
import type { Sql } from './role-pool.js';

let database: TestDatabase;
let client: pg.PoolClient;
let tables: string[];

beforeAll(async () => {
  database = await createTestDatabase();
  tables = await policedTables(database.owner);
  client = await database.owner.connect();
  // Roles belong to all databases of the server: nothing that is done here may ever be committed.
  await client.query('BEGIN; SET LOCAL search_path = public');
});
afterAll(async () => {
  client.release(true);
  await database.drop();
});

const sql: Sql = async <Row extends object>(text: string, params?: readonly unknown[]) =>
  (await client.query<Row>(text, params as unknown[])).rows;

/** Breaks something, reads the faults, and mends it again. */
async function faultsAfter(breaking: string): Promise<string[]> {
  await client.query('SAVEPOINT mutant');
  try {
    await client.query(breaking);
    return await catalogueFaults(sql);
  } finally {
    await client.query('ROLLBACK TO SAVEPOINT mutant; RELEASE SAVEPOINT mutant');
  }
}

/** Expects that each way to break something is named: `[what the fault says, SQL]`. */
async function expectNamed(mutants: readonly (readonly [fault: string, breaking: string])[]): Promise<void> {
  const silent: string[] = [];
  for (const [fault, breaking] of mutants) {
    const faults = await faultsAfter(breaking);
    if (!faults.some((found) => found.includes(fault))) silent.push(`${breaking} → ${faults.join('; ')}`);
  }
  expect(silent).toEqual([]);
}

describe('the migrated schema', () => {
  test('has no faults', async () => {
    expect(await catalogueFaults(sql)).toEqual([]);
  });

  test('has none in the eyes of the application either, nor under another search path', async () => {
    expect(await faultsAfter('SET LOCAL ROLE podcast_app; SET LOCAL search_path = pg_catalog')).toEqual([]);
  });

  test('has none after new partitions were made', async () => {
    expect(await faultsAfter("SELECT ensure_partitions('2040-01-01Z', '2040-03-01Z')")).toEqual([]);
  });
});

describe('every tenant table', () => {
  /** Breaks every table in the same way at once, and expects that each is named. */
  async function expectAllNamed(fault: string, breaking: (table: string) => string): Promise<void> {
    const found = await faultsAfter(tables.map(breaking).join('; '));
    const silent = tables.filter((table) => !found.some((each) => each.startsWith(`${table}: ${fault}`)));
    expect([breaking('…'), silent]).toEqual([breaking('…'), []]);
  }

  test('is named with every mutant of its policies', async () => {
    for (const [position] of policyMutants('').entries())
      await expectAllNamed('', (table) => policyMutants(table)[position]!.breaking);
  });

  test.each([
    ['index', (table: string) => `CREATE INDEX ON ${table} ((tenant_id IS NULL))`],
    [
      'foreign key',
      (table: string) => `ALTER TABLE ${table} ADD COLUMN x uuid REFERENCES tenants (tenant_id)`,
    ],
    ['TRUNCATE is granted to podcast_app', (table: string) => `GRANT TRUNCATE ON ${table} TO podcast_app`],
    ['TRIGGER is granted to podcast_admin', (table: string) => `GRANT ALL ON ${table} TO podcast_admin`],
    [
      'REFERENCES is granted to podcast_app',
      (table: string) => `GRANT REFERENCES (tenant_id) ON ${table} TO podcast_app`,
    ],
    ['SELECT is granted to PUBLIC', (table: string) => `GRANT SELECT ON ${table} TO PUBLIC`],
    ['SELECT is granted to PUBLIC', (table: string) => `GRANT SELECT (tenant_id) ON ${table} TO PUBLIC`],
    [
      'SELECT is granted to podcast_app with the right to grant it',
      (table: string) => `GRANT SELECT ON ${table} TO podcast_app WITH GRANT OPTION`,
    ],
    ['owned by', (table: string) => `ALTER TABLE ${table} OWNER TO CURRENT_USER`],
    ['a rule rewrites', (table: string) => `CREATE RULE careless AS ON INSERT TO ${table} DO ALSO NOTHING`],
    ['the first column', (table: string) => `ALTER TABLE ${table} RENAME COLUMN tenant_id TO x`],
    [
      'unexpected policy careless',
      (table: string) => `CREATE POLICY careless ON ${table} FOR SELECT TO podcast_queue USING (true)`,
    ],
    [
      'unexpected policy admin_read',
      (table: string) =>
        `DROP POLICY IF EXISTS admin_read ON ${table}; CREATE POLICY admin_read ON ${table} TO PUBLIC USING (true)`,
    ],
  ])('is named with a careless change: %s', expectAllNamed);

  if (testEngine() === 'partitions')
    test('is named with an open partition', async () => {
      const partitions = await sql<{ name: string }>(
        "SELECT min(inhrelid::regclass::text) AS name FROM pg_inherits JOIN pg_class c ON c.oid = inhparent WHERE c.relkind = 'p' GROUP BY inhparent",
      );
      expect(partitions).toHaveLength(2);
      for (const { name } of partitions)
        await expectNamed([
          [`${name}: row-level security is not enabled`, `ALTER TABLE ${name} DISABLE ROW LEVEL SECURITY`],
          [`${name}: row-level security is not forced`, `ALTER TABLE ${name} NO FORCE ROW LEVEL SECURITY`],
          [`${name}: a partition carries its own grants`, `GRANT SELECT ON ${name} TO podcast_app`],
          [
            `${name}: a partition carries its own grants`,
            `GRANT SELECT (tenant_id) ON ${name} TO podcast_app`,
          ],
          [`${name}: a partition carries its own policy`, `CREATE POLICY p ON ${name} USING (true)`],
        ]);
    });
});

if (testEngine() === 'timescale')
  test('hypertables, their chunks and the views before them: every hole is named', async () => {
    await client.query('SAVEPOINT chunk');
    await client.query(
      `INSERT INTO ts.attribution_events (tenant_id, occurred_at, event_id, received_at, payload_hash, payload_hash_version, kind)
     VALUES (gen_random_uuid(), now(), gen_random_uuid(), now(), 1, 1, 'x')`,
    );
    const [chunk] = await sql<{ name: string }>(
      "SELECT show_chunks('ts.attribution_events')::text AS name LIMIT 1",
    );
    const ofAggregates: [string, string][] = [
      [
        'episode_events_hourly: the view is no barrier',
        'CREATE OR REPLACE VIEW episode_events_hourly WITH (security_barrier) AS SELECT * FROM ts.listener_events_hourly',
      ],
      ['ts.listener_events_daily: SELECT is granted', 'GRANT SELECT ON ts.listener_events_daily TO PUBLIC'],
    ];
    await expectNamed([
      ...(hasOwnAggregates() ? ofAggregates : []),
      ...['listener_events', 'attribution_events'].flatMap((view) =>
        barrierMutants(view).map(({ breaking }) => [`${view}: the view is no barrier`, breaking] as const),
      ),
      ['listener_events: a hypertable without its view', 'DROP VIEW public.listener_events'],
      ['listener_events_hourly: a view', 'ALTER VIEW public.listener_events_hourly RESET (security_invoker)'],
      ['ts.listener_events: SELECT is granted', 'GRANT SELECT ON ts.listener_events TO podcast_app'],
      [`${chunk?.name}: SELECT is granted`, `GRANT SELECT ON ${chunk?.name} TO podcast_app`],
      [`${chunk?.name}: INSERT is granted`, `GRANT INSERT (tenant_id) ON ${chunk?.name} TO PUBLIC`],
      ['podcast_maintenance may enter schema ts', 'GRANT USAGE ON SCHEMA ts TO podcast_maintenance'],
      ['podcast_app may enter schema ts', 'GRANT USAGE ON SCHEMA ts TO PUBLIC'],
      ['ts.attribution_events: owned by', 'ALTER TABLE ts.attribution_events OWNER TO CURRENT_USER'],
      [
        'ts.careless: the first column',
        "CREATE TABLE ts.careless (at timestamptz NOT NULL, tenant_id uuid NOT NULL); SELECT create_hypertable('ts.careless', 'at')",
      ],
      [
        'ts.careless: the first column is not tenant_id uuid NOT NULL, or a column was dropped',
        'CREATE TABLE ts.careless (tenant_id uuid NOT NULL, x int); ALTER TABLE ts.careless DROP COLUMN x',
      ],
      ['ts.attribution_events: index', 'CREATE INDEX ON ts.attribution_events (occurred_at)'],
      [
        'drop_chunk: an application role may call',
        'GRANT EXECUTE ON FUNCTION _timescaledb_functions.drop_chunk(regclass) TO PUBLIC',
      ],
      ['add_job: an application role may call', 'GRANT EXECUTE ON FUNCTION add_job TO podcast_app'],
    ]);
    await client.query('ROLLBACK TO SAVEPOINT chunk');
  });

const DEFINER = `LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS 'SELECT count(*) FROM public.podcasts'`;
const HIDDEN = 'CREATE SCHEMA hidden; GRANT USAGE ON SCHEMA hidden TO podcast_app;';

test('a view, copy or function that sees past the wall is named, in whatever schema', () =>
  expectNamed([
    ['careless: a view', 'CREATE VIEW careless AS SELECT * FROM podcasts'],
    ['careless: a view', 'CREATE VIEW careless WITH (security_invoker = false) AS SELECT * FROM podcasts'],
    ['listener_events_daily: a view', 'ALTER VIEW public.listener_events_daily RESET (security_invoker)'],
    [
      'careless: a view',
      `${HIDDEN} CREATE VIEW hidden.careless AS SELECT 1; GRANT SELECT ON hidden.careless TO PUBLIC`,
    ],
    [
      'careless: a materialized view or sequence is granted to podcast_app',
      'CREATE MATERIALIZED VIEW careless AS SELECT * FROM podcasts; GRANT SELECT ON careless TO podcast_app',
    ],
    [
      'careless: a materialized view or sequence is granted to podcast_app',
      'CREATE SEQUENCE careless; GRANT USAGE ON SEQUENCE careless TO podcast_app',
    ],
    ['careless: row-level security is not enabled', 'CREATE TABLE careless AS SELECT * FROM podcasts'],
    ['careless: row-level security is not enabled', 'CREATE TABLE careless (id int)'],
    ['careless: policy tenant_wall is missing', 'CREATE TABLE careless () INHERITS (podcasts)'],
    [
      'careless: row-level security',
      'CREATE SCHEMA hidden; CREATE TABLE hidden.careless AS SELECT * FROM podcasts',
    ],
    [
      'large object',
      "SELECT lo_create(0); SELECT lo_from_bytea(0, 'x'); SET LOCAL ROLE podcast_app; SELECT lo_create(0)",
    ],
    ['careless: unlisted', `CREATE FUNCTION careless() RETURNS bigint ${DEFINER}`],
    [
      'careless: unlisted',
      `CREATE FUNCTION careless() RETURNS bigint ${DEFINER}; ALTER FUNCTION careless OWNER TO podcast_owner`,
    ],
    ['careless: unlisted', `${HIDDEN} CREATE FUNCTION hidden.careless() RETURNS bigint ${DEFINER}`],
    ['due_work: unlisted', 'ALTER FUNCTION due_work OWNER TO CURRENT_USER'],
    ['due_work: a SECURITY DEFINER', 'GRANT EXECUTE ON FUNCTION due_work TO PUBLIC'],
    ['due_work: a SECURITY DEFINER', 'ALTER FUNCTION due_work RESET search_path'],
    ['due_work: a SECURITY DEFINER', 'ALTER FUNCTION due_work SET search_path = public, pg_catalog'],
    ['refresh_metrics_daily: unlisted', 'ALTER FUNCTION refresh_metrics_daily SECURITY DEFINER'],
  ]));

test('a tenant context that may switch, or outlives its transaction, is named', async () => {
  const [context] = await sql<{ definition: string }>(
    "SELECT pg_get_functiondef('set_tenant_context'::regproc) AS definition",
  );
  const mutated = (from: string, to: string) => {
    const definition = context!.definition.replace(from, to);
    expect(definition).not.toBe(context!.definition);
    return ['set_tenant_context: missing', definition] as const;
  };
  await expectNamed([
    mutated('present <> p_tenant::text', 'false'),
    mutated('p_tenant::text, true', 'p_tenant::text, false'),
    ['set_tenant_context: missing', 'DROP FUNCTION set_tenant_context'],
    ['set_tenant_context: ', 'ALTER FUNCTION set_tenant_context SECURITY DEFINER'],
    ['starts with app.current_tenant set', "ALTER ROLE podcast_app SET app.current_tenant = 'x'"],
    [
      'every role: starts with app.current_tenant',
      `ALTER DATABASE ${database.name} SET app.current_tenant = 'x'`,
    ],
    ['starts with role set', 'ALTER ROLE podcast_app SET role = podcast_owner'],
  ]);
});

test('a role that may more than it should is named', () =>
  expectNamed([
    ...['app', 'maintenance', 'admin', 'search', 'lookup', 'queue', 'owner'].flatMap((role) =>
      ['SUPERUSER', 'BYPASSRLS', 'CREATEROLE', 'CREATEDB', 'REPLICATION'].map(
        (attribute) => [`podcast_${role}: superuser`, `ALTER ROLE podcast_${role} ${attribute}`] as const,
      ),
    ),
    ['podcast_app: a member of podcast_admin', 'GRANT podcast_admin TO podcast_app'],
    ['podcast_app: a member of pg_read_all_data', 'GRANT pg_read_all_data TO podcast_app'],
    ['podcast_lookup: a member of podcast_owner', 'GRANT podcast_owner TO podcast_lookup'],
    ['podcast_search: the role is missing', 'ALTER ROLE podcast_search RENAME TO gone'],
    ['default privileges name podcast_app', 'ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO podcast_app'],
    [
      'default privileges name PUBLIC',
      'ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO PUBLIC',
    ],
    ['podcast_app may create in schema public', 'GRANT CREATE ON SCHEMA public TO podcast_app'],
    ['PUBLIC may create in schema public', 'GRANT CREATE ON SCHEMA public TO PUBLIC'],
    ['PUBLIC may create temporary tables', `GRANT TEMP ON DATABASE ${database.name} TO PUBLIC`],
    ['publication careless', 'CREATE PUBLICATION careless FOR TABLE podcasts'],
    ['publication careless', 'CREATE PUBLICATION careless FOR ALL TABLES'],
  ]));
