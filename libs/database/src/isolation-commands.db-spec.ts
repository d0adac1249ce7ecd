import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createTestDatabase, seedEveryTable, type CanaryTenant, type TestDatabase } from '@lib/testing';
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { asApp, attempt, barrierViews, policedTables, shows, tenantTables } from './isolation.contract.js';

let database: TestDatabase;
let client: pg.Client;
let a: CanaryTenant;
let b: CanaryTenant;
let tables: string[];

beforeAll(async () => {
  database = await createTestDatabase();
  a = await seedEveryTable(database.owner);
  b = await seedEveryTable(database.owner);
  tables = await tenantTables(database.owner);
  client = new pg.Client({ connectionString: database.urls.app });
  await client.connect();
});

afterAll(async () => {
  await client.end();
  await database.drop();
});

beforeEach(() => client.query('BEGIN'));
afterEach(() => client.query('ROLLBACK'));

/** The SQLSTATE of each statement, sent by A on the application's own login. */
async function codes(statements: readonly string[]): Promise<[string, string | null][]> {
  const found: [string, string | null][] = [];
  for (const text of statements) found.push([text, (await attempt(client, asApp(a), text)).code]);
  return found;
}

const all = (statements: readonly string[], code: string) => statements.map((text) => [text, code]);

describe('the application on its own login', () => {
  test('cannot change a tenant table, its policies or its owner', async () => {
    const statements = tables.flatMap((table) => [
      `TRUNCATE ${table}`,
      `TRUNCATE ${table} CASCADE`,
      `ALTER TABLE ${table} DISABLE ROW LEVEL SECURITY`,
      `ALTER TABLE ${table} NO FORCE ROW LEVEL SECURITY`,
      `ALTER TABLE ${table} OWNER TO podcast_app`,
      `ALTER TABLE ${table} ADD COLUMN extra text`,
      `ALTER TABLE ${table} DISABLE TRIGGER ALL`,
      `CREATE POLICY mine ON ${table} USING (true)`,
      `ALTER POLICY tenant_isolation ON ${table} USING (true)`,
      `DROP POLICY tenant_wall ON ${table}`,
      `CREATE TRIGGER mine BEFORE INSERT ON ${table} EXECUTE FUNCTION suppress_redundant_updates_trigger()`,
      `CREATE RULE mine AS ON INSERT TO ${table} DO ALSO NOTHING`,
      `CREATE INDEX ON ${table} (tenant_id)`,
      `CREATE STATISTICS mine ON tenant_id, ctid FROM ${table}`,
      `COMMENT ON TABLE ${table} IS ''`,
      `DROP TABLE ${table} CASCADE`,
    ]);
    const views = await barrierViews(database.owner);
    const onView = (text: string) => views.some((view) => text.includes(` ${view}`));
    // Of a view some are refused because they are for tables, and it has no policy.
    const expected = ([text, code]: [string, string | null]) =>
      code === '42501' || (onView(text) && ['42809', '42704'].includes(code ?? ''));
    expect((await codes(statements)).filter((outcome) => !expected(outcome))).toEqual([]);
  });

  test('cannot copy rows in or out past the wall', async () => {
    for (const table of tables) {
      const [[, copyIn] = []] = await codes([`COPY ${table} FROM STDIN`]);
      expect([table, copyIn]).toEqual([table, expect.stringMatching(/^(0A000|42809)$/)]);
      const own = await copiedOut(`COPY (SELECT * FROM ${table}) TO STDOUT`);
      expect([table, shows(own, a), shows(own, b)]).toEqual([table, true, false]);
      if (copyIn === '0A000')
        expect([table, shows(await copiedOut(`COPY ${table} TO STDOUT`), b)]).toEqual([table, false]);
      else
        expect(await codes([`COPY ${table} TO STDOUT`])).toEqual(all([`COPY ${table} TO STDOUT`], '42809'));
    }
    const statements = ["COPY podcasts TO '/tmp/podcasts'", "COPY podcasts TO PROGRAM 'cat'"];
    expect(await codes(statements)).toEqual(all(statements, '42501'));
  });

  test('can lock a table only where it may change rows', async () => {
    const { rows } = await client.query<{ table: string; changes: boolean }>(
      `SELECT t AS table, has_table_privilege(t, 'UPDATE') OR has_table_privilege(t, 'DELETE') AS changes FROM unnest($1::text[]) t`,
      [tables],
    );
    expect(new Set(rows.map((row) => row.changes))).toEqual(new Set([true, false]));
    for (const { table, changes } of rows) {
      const outcome = await attempt(client, asApp(a), `LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
      expect([table, outcome.code]).toEqual([table, changes ? null : '42501']);
    }
  });

  test('cannot create anything', async () => {
    const statements = [
      'CREATE TEMP TABLE t (id int)',
      'CREATE TABLE public.t (id int)',
      'CREATE TABLE t AS SELECT 1',
      'CREATE SCHEMA s',
      'CREATE VIEW v AS SELECT * FROM podcasts',
      'CREATE SEQUENCE s',
      'CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
      'CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
      'CREATE EXTENSION citext',
      'CREATE PUBLICATION p FOR TABLE podcasts',
      'CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION now()',
      'CREATE ROLE r',
      "LOAD 'auto_explain'",
    ];
    expect(await codes(statements)).toEqual(all(statements, '42501'));
  });

  test('cannot become another role, nor raise its own', async () => {
    const { rows } = await client.query<{ role: string }>(
      `SELECT quote_ident(rolname) AS role FROM pg_roles WHERE rolname <> 'podcast_app'`,
    );
    expect(rows.length).toBeGreaterThan(6);
    const statements = rows.flatMap(({ role }) => [
      `SET ROLE ${role}`,
      `SELECT set_config('role', '${role}', true)`,
      `SET SESSION AUTHORIZATION ${role}`,
      `GRANT ${role} TO podcast_app`,
    ]);
    const attributes = [
      'ALTER ROLE podcast_app SUPERUSER',
      'ALTER ROLE podcast_app BYPASSRLS',
      'ALTER ROLE podcast_app CREATEROLE',
      'ALTER ROLE podcast_app NOINHERIT',
      `ALTER ROLE podcast_app SET app.current_tenant = '${b.tenantId}'`,
      `ALTER DATABASE ${database.name} SET app.current_tenant = '${b.tenantId}'`,
    ];
    const refusals = await codes([...statements, ...attributes]);
    // Nobody can be made a member of that role: from PostgreSQL 16 on that is said first.
    const nobodys = refusals.filter(([text]) => text === 'GRANT pg_database_owner TO podcast_app');
    expect(nobodys).toEqual([[expect.any(String), expect.stringMatching(/^(42501|0A000)$/)]]);
    const others = [...statements, ...attributes].filter((text) => text !== nobodys[0]?.[0]);
    expect(refusals.filter((refusal) => !nobodys.includes(refusal))).toEqual(all(others, '42501'));
  });

  test('gives nobody a right: a GRANT changes no privilege', async () => {
    const privileges = () =>
      client.query<object>(
        'SELECT relname, relacl::text FROM pg_class WHERE relacl IS NOT NULL ORDER BY oid',
      );
    const before = await privileges();
    for (const table of tables) {
      await client.query('SAVEPOINT give');
      await client.query(`GRANT SELECT ON ${table} TO PUBLIC`);
      await client.query(`REVOKE SELECT ON ${table} FROM podcast_admin`);
      expect((await privileges()).rows).toEqual(before.rows);
      await client.query('ROLLBACK TO SAVEPOINT give');
    }
  });

  test('fails with row security off, instead of reading everything', async () => {
    for (const table of await policedTables(database.owner))
      for (const statement of [`SELECT * FROM ${table}`, `COPY ${table} TO STDOUT`]) {
        await client.query('SAVEPOINT off; SET LOCAL row_security = off');
        const outcome = await attempt(client, asApp(a), statement);
        expect([statement, outcome.code]).toEqual([statement, '42501']);
        await client.query('ROLLBACK TO SAVEPOINT off');
      }
  });
});

async function copiedOut(text: string): Promise<string> {
  await client.query(`SAVEPOINT copy; SELECT set_tenant_context('${a.tenantId}')`);
  let out = '';
  for await (const chunk of client.query(copyTo(text))) out += String(chunk);
  await client.query('ROLLBACK TO SAVEPOINT copy');
  return out;
}
