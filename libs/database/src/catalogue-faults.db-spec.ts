import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  canaryRows,
  canaryTenant,
  createTestDatabase,
  seedEveryTable,
  type CanaryTenant,
  type TestDatabase,
} from '@lib/testing';
import type pg from 'pg';
import { catalogueFaults } from './catalogue-faults.sql.js';
import { isolationFaults, singlePolicyFaults } from './isolation.contract.js';
import type { Sql } from './role-pool.js';

let database: TestDatabase;
let client: pg.PoolClient;
let a: CanaryTenant;
let b: CanaryTenant;

const TABLES = Object.keys(canaryRows(canaryTenant()));
const PARTITIONED = ['listener_events', 'attribution_events'];

beforeAll(async () => {
  database = await createTestDatabase();
  a = await seedEveryTable(database.owner);
  b = await seedEveryTable(database.owner);
  client = await database.owner.connect();
  // Roles belong to all databases of the server: nothing that is done here may ever be committed.
  await client.query('BEGIN');
});
afterAll(async () => {
  client.release(true);
  await database.drop();
});

const sql: Sql = async <Row extends object>(text: string, params?: readonly unknown[]) =>
  (await client.query<Row>(text, params as unknown[])).rows;

/** Breaks something, looks, and mends it again. */
async function after<T>(breaking: string, look: () => Promise<T>): Promise<T> {
  await client.query('SAVEPOINT mutant');
  try {
    await client.query(breaking);
    return await look();
  } finally {
    await client.query('ROLLBACK TO SAVEPOINT mutant; RELEASE SAVEPOINT mutant');
  }
}

const faultsAfter = (breaking: string) => after(breaking, () => catalogueFaults(sql));

describe('the migrated schema', () => {
  test('has no faults', async () => {
    expect(await catalogueFaults(sql)).toEqual([]);
  });

  test('has none either in the eyes of the application, nor under another search path', async () => {
    const asApp = 'SET LOCAL ROLE podcast_app; SET LOCAL search_path = pg_catalog';
    expect(await after(asApp, () => catalogueFaults(sql))).toEqual([]);
  });
});

const SETTING = "current_setting('app.current_tenant', true)";
const OWN = `(tenant_id = (SELECT nullif(${SETTING}, '')::uuid))`;

/** Mutants of the two policies of a table; `quiet` ones change nothing that a statement can show. */
function policyMutants(table: string): { name: string; breaking: string; quiet?: boolean }[] {
  const mutants = ['tenant_isolation', 'tenant_wall'].flatMap((policy) => {
    const replace = (body: string, to = 'TO podcast_app') =>
      `DROP POLICY ${policy} ON ${table}; CREATE POLICY ${policy} ON ${table} ` +
      `${policy === 'tenant_wall' ? 'AS RESTRICTIVE ' : ''}${body.startsWith('FOR') ? '' : 'FOR ALL '}` +
      (body.startsWith('FOR') ? body.replace(' USING', ` ${to} USING`) : `${to} ${body}`);
    const both = (text: string) => replace(`USING (${text}) WITH CHECK (${text})`);
    return [
      { name: `${policy} dropped`, breaking: `DROP POLICY ${policy} ON ${table}` },
      { name: `${policy} without nullif`, breaking: both(`tenant_id = (SELECT ${SETTING}::uuid)`) },
      { name: `${policy} compared as text`, breaking: both(`tenant_id::text = ${SETTING}`) },
      { name: `${policy} on another column`, breaking: both(`(SELECT ${table}::text) = ${SETTING}`) },
      { name: `${policy} with another setting`, breaking: both(OWN.replace('current_tenant', 'tenant')) },
      { name: `${policy} USING (true)`, breaking: replace(`USING (true) WITH CHECK ${OWN}`) },
      { name: `${policy} WITH CHECK (true)`, breaking: replace(`USING ${OWN} WITH CHECK (true)`) },
      { name: `${policy} without WITH CHECK`, breaking: replace(`USING ${OWN}`), quiet: true },
      { name: `${policy} FOR SELECT`, breaking: replace(`FOR SELECT USING ${OWN}`) },
      {
        name: `${policy} for everyone`,
        breaking: replace(`USING ${OWN} WITH CHECK ${OWN}`, 'TO PUBLIC'),
        quiet: policy === 'tenant_wall',
      },
    ];
  });
  return [
    ...mutants,
    { name: 'not enabled', breaking: `ALTER TABLE ${table} DISABLE ROW LEVEL SECURITY` },
    { name: 'not forced', breaking: `ALTER TABLE ${table} NO FORCE ROW LEVEL SECURITY` },
    {
      name: 'a careless permissive policy, which the wall holds back',
      breaking: `CREATE POLICY careless ON ${table} TO podcast_app USING (true) WITH CHECK (true)`,
      quiet: true,
    },
  ];
}

describe.each(TABLES)('%s', (table) => {
  test('with a broken policy is named by the catalogue, and lets an attack through', async () => {
    for (const { name, breaking, quiet = false } of policyMutants(table)) {
      const named = await faultsAfter(breaking);
      expect([name, named]).toEqual([name, expect.arrayContaining([expect.stringContaining(`${table}: `)])]);
      const attacked = await after(breaking, async () => {
        const plain = await isolationFaults(client, table, a, b);
        return plain.length > 0 ? plain : singlePolicyFaults(client, table, a, b);
      });
      expect([name, attacked.length === 0]).toEqual([name, quiet]);
    }
  });

  test.each([
    ['index', `CREATE INDEX careless ON TABLE_ ((tenant_id IS NULL))`],
    ['foreign key', 'ALTER TABLE TABLE_ ADD COLUMN x uuid REFERENCES tenants (tenant_id)'],
    ['TRUNCATE is granted to podcast_app', 'GRANT TRUNCATE ON TABLE_ TO podcast_app'],
    ['REFERENCES is granted to podcast_app', 'GRANT REFERENCES (tenant_id) ON TABLE_ TO podcast_app'],
    ['SELECT is granted to PUBLIC', 'GRANT SELECT ON TABLE_ TO PUBLIC'],
    ['SELECT is granted to PUBLIC', 'GRANT SELECT (tenant_id) ON TABLE_ TO PUBLIC'],
    ['with the right to grant it', 'GRANT SELECT ON TABLE_ TO podcast_app WITH GRANT OPTION'],
    [
      'owned by podcast_app',
      'GRANT CREATE ON SCHEMA public TO podcast_app; ALTER TABLE TABLE_ OWNER TO podcast_app',
    ],
    ['a rule rewrites', 'CREATE RULE careless AS ON INSERT TO TABLE_ DO ALSO NOTHING'],
    ['first column', 'ALTER TABLE TABLE_ RENAME COLUMN tenant_id TO x'],
  ])('with a fault of its own is named: %s', async (fault, breaking) => {
    const found = await faultsAfter(breaking.replaceAll('TABLE_', table));
    expect(found).toContainEqual(expect.stringMatching(new RegExp(`^${table}: .*${fault}`)));
  });

  test('in a view, a copy or a function that sees past the wall is named', async () => {
    for (const [fault, breaking] of [
      ['careless: a view', `CREATE VIEW careless AS SELECT * FROM ${table}`],
      ['careless: a view', `CREATE VIEW careless WITH (security_invoker = false) AS SELECT * FROM ${table}`],
      [
        'careless: a materialized view or sequence is granted to podcast_app',
        `CREATE MATERIALIZED VIEW careless AS SELECT * FROM ${table}; GRANT SELECT ON careless TO podcast_app`,
      ],
      ['careless: row-level security is not enabled', `CREATE TABLE careless AS SELECT * FROM ${table}`],
      ['careless: row-level security', `CREATE TABLE careless () INHERITS (${table})`],
      [
        'careless: row-level security is not enabled',
        `CREATE SCHEMA hidden; CREATE TABLE hidden.careless AS SELECT * FROM ${table}`,
      ],
      ...['OWNER TO podcast_owner', 'OWNER TO CURRENT_USER'].map((owner) => [
        'careless: unlisted SECURITY DEFINER function',
        `CREATE FUNCTION careless() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog
         AS 'SELECT count(*) FROM public.${table}'; REVOKE ALL ON FUNCTION careless FROM PUBLIC; ALTER FUNCTION careless ${owner}`,
      ]),
      [
        'careless: unlisted SECURITY DEFINER function',
        `CREATE SCHEMA hidden; GRANT USAGE ON SCHEMA hidden TO podcast_app;
         CREATE FUNCTION hidden.careless() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM public.${table}'`,
      ],
      [
        'careless: a view',
        `CREATE SCHEMA hidden; GRANT USAGE ON SCHEMA hidden TO podcast_app;
         CREATE VIEW hidden.careless AS SELECT 1 FROM ${table}; GRANT SELECT ON hidden.careless TO podcast_app`,
      ],
    ] as [string, string][]) {
      // An inherited or partitioned parent decides what is possible at all.
      if (PARTITIONED.includes(table) && breaking.includes('INHERITS')) continue;
      expect(await faultsAfter(breaking)).toContainEqual(expect.stringContaining(fault));
    }
  });
});
