import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  canaryRows,
  canaryTenant,
  createTestDatabase,
  seedEveryTable,
  type CanaryTenant,
  type TestDatabase,
} from '@lib/testing';
import fc from 'fast-check';
import pg from 'pg';
import {
  asApp,
  attempt,
  insertion,
  isolationFaults,
  shows,
  policedTables,
  singlePolicyFaults,
  tenantTables,
} from './isolation.contract.js';

let database: TestDatabase;
let app: pg.Pool;
let a: CanaryTenant;
let b: CanaryTenant;
let tables: string[];
let policed: string[];

beforeAll(async () => {
  database = await createTestDatabase();
  app = new pg.Pool({ connectionString: database.urls.app, max: 1 });
  a = await seedEveryTable(database.owner);
  b = await seedEveryTable(database.owner);
  tables = await tenantTables(database.owner);
  policed = await policedTables(database.owner);
});

afterAll(async () => {
  await app.end();
  await database.drop();
});

/** Runs `work` for every tenant table in a transaction that is rolled back, and gathers the faults. */
async function forEveryTable(
  pool: pg.Pool,
  work: (client: pg.PoolClient, table: string) => Promise<string[]>,
): Promise<string[]> {
  const client = await pool.connect();
  try {
    const faults: string[] = [];
    for (const table of tables) {
      await client.query('BEGIN');
      faults.push(...(await work(client, table)));
      await client.query('ROLLBACK');
    }
    return faults;
  } finally {
    client.release(true);
  }
}

describe('the seeds', () => {
  test('name every tenant table of the catalogue', () => {
    expect(Object.keys(canaryRows(a)).sort()).toEqual(tables);
  });

  test('put a row of either tenant into every table', async () => {
    for (const table of tables)
      for (const { tenantId } of [a, b]) {
        const { rowCount } = await database.owner.query(`SELECT FROM ${table} WHERE tenant_id = $1`, [
          tenantId,
        ]);
        expect([table, rowCount]).not.toEqual([table, 0]);
      }
  });

  test('can be written by the application itself, in the order of the foreign keys', async () => {
    const client = await app.connect();
    const c = canaryTenant();
    await client.query(`BEGIN; SET LOCAL ROLE podcast_app; SELECT set_tenant_context('${c.tenantId}')`);
    for (const table of Object.keys(canaryRows(c))) {
      // An episode leaves a row in a table of its own.
      const before = await client.query(`SELECT FROM ${table}`);
      await client.query(insertion(table, c));
      const { rows } = await client.query(`SELECT * FROM ${table}`);
      const added = rows.length - (before.rowCount ?? 0);
      expect([table, added, shows(rows, c), shows(rows, a)]).toEqual([table, 1, true, false]);
    }
    await client.query('ROLLBACK');
    client.release();
  });
});

describe('every tenant table, with every verb', () => {
  test("is walled on the application's own login", async () => {
    expect(await forEveryTable(app, (client, table) => isolationFaults(client, table, a, b))).toEqual([]);
    expect(await forEveryTable(app, (client, table) => isolationFaults(client, table, b, a))).toEqual([]);
  });

  test('is walled on a superuser login that dropped to the role', async () => {
    const faults = await forEveryTable(database.owner, (client, table) =>
      isolationFaults(client, table, a, b),
    );
    expect(faults).toEqual([]);
  });

  test('is walled by either policy alone', async () => {
    const faults = await forEveryTable(database.owner, async (client, table) =>
      policed.includes(table) ? singlePolicyFaults(client, table, a, b) : [],
    );
    expect(faults).toEqual([]);
  });

  test('shows nothing to a context that is any other text, and fails unless that is a UUID', async () => {
    const client = await database.owner.connect();
    await client.query('BEGIN');
    const text = fc.string({ unit: 'grapheme' }).filter((value) => !value.includes('\0'));
    const setting = fc.oneof(
      text,
      fc.uuid(),
      fc.constantFrom(`{${b.tenantId}`, `${b.tenantId}x`, ' ', '0', 'NULL'),
    );
    await fc.assert(
      fc.asyncProperty(setting, async (value) => {
        const { code, rows } = await attempt(
          client,
          { role: 'podcast_app', setting: value },
          'SELECT * FROM podcasts',
        );
        expect([rows, code]).toEqual([[], /^[0-9a-f-]{36}$/.test(value) || value === '' ? null : '22P02']);
      }),
    );
    await client.query('ROLLBACK');
    client.release();
  });

  test('shows nothing on a connection that never had a tenant', async () => {
    const fresh = new pg.Client({ connectionString: database.urls.app });
    await fresh.connect();
    try {
      for (const table of tables)
        expect([table, (await fresh.query(`SELECT FROM ${table}`)).rowCount]).toEqual([table, 0]);
    } finally {
      await fresh.end();
    }
  });

  test('keeps the rows of another tenant when a tenant deletes all that it can', async () => {
    const client = await database.owner.connect();
    const left = (table: string) => attempt(client, asApp(b), `SELECT * FROM ${table}`);
    await client.query('BEGIN');
    const before = new Map<string, unknown>();
    for (const table of tables) before.set(table, (await left(table)).rows);
    for (const table of Object.keys(canaryRows(a)).reverse()) {
      await client.query('SAVEPOINT wipe');
      await client.query(`SET LOCAL ROLE podcast_app; SELECT set_tenant_context('${a.tenantId}')`);
      await client.query(`DELETE FROM ${table}`).catch(() => client.query('ROLLBACK TO SAVEPOINT wipe'));
      await client.query("RESET ROLE; SELECT set_config('app.current_tenant', '', true)");
    }
    const remaining = await client.query('SELECT FROM tenants WHERE tenant_id = $1', [a.tenantId]);
    expect(remaining.rowCount).toBe(0);
    for (const table of tables) expect([table, (await left(table)).rows]).toEqual([table, before.get(table)]);
    await client.query('ROLLBACK');
    client.release();
  });
});
