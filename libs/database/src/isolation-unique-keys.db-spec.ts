import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase, seedEveryTable, type CanaryTenant, type TestDatabase } from '@lib/testing';
import type pg from 'pg';
import { asApp, attempt, quote, shows, tenantTables, type Outcome } from './isolation.contract.js';
import { foreignKeys, storedRow, uniqueKeys, type ForeignKey, type Row } from './tenant-keys.contract.js';

let database: TestDatabase;
let client: pg.PoolClient;
let a: CanaryTenant;
let b: CanaryTenant;
let tables: string[];
let keys: ForeignKey[];

beforeAll(async () => {
  database = await createTestDatabase();
  a = await seedEveryTable(database.owner);
  b = await seedEveryTable(database.owner);
  tables = await tenantTables(database.owner);
  keys = await foreignKeys(database.owner);
  client = await database.owner.connect();
  await client.query('BEGIN');
});

afterAll(async () => {
  client.release(true);
  await database.drop();
});

/** The other tenant's row with A as its tenant, and with A's own parents, so that nothing but the keys can collide. */
async function copyForA(table: string): Promise<Row> {
  const own = await storedRow(client, table, a);
  const copy = { ...(await storedRow(client, table, b)), tenant_id: a.tenantId };
  for (const { child, columns } of keys)
    if (child === table) for (const column of columns) Object.assign(copy, { [column]: own[column] });
  return copy;
}

/** An INSERT of a whole row, identity columns included. */
const insertWhole = (table: string, row: Row, rest = '') =>
  `INSERT INTO ${table} AS t (${Object.keys(row).join(', ')}) OVERRIDING SYSTEM VALUE ${recordOf(table, row)} ${rest}`;

const recordOf = (table: string, row: Row) =>
  `SELECT ${Object.keys(row).join(', ')} FROM jsonb_populate_record(NULL::${table}, ${quote(JSON.stringify(row))})`;

/** Every way to learn of, or to touch, a row with the same key. */
function probes(table: string, columns: readonly string[], row: Row): { name: string; text: string }[] {
  const keys = columns.join(', ');
  // A condition that reads no column of `t` is judged without the SELECT policies: MERGE then fails, and shows no more,
  // where any other tenant has a row at all.
  const on = columns
    .map((key) => (key === 'tenant_id' ? 't.tenant_id IS NOT NULL' : `t.${key} = s.${key}`))
    .join(' AND ');
  const merge = (action: string) =>
    `MERGE INTO ${table} t USING (${recordOf(table, row)}) s ON ${on} WHEN MATCHED THEN ${action}`;
  const returning = 'RETURNING tenant_id';
  return [
    { name: 'INSERT', text: insertWhole(table, row, returning) },
    { name: 'DO NOTHING', text: insertWhole(table, row, `ON CONFLICT DO NOTHING ${returning}`) },
    {
      name: 'key DO NOTHING',
      text: insertWhole(table, row, `ON CONFLICT (${keys}) DO NOTHING ${returning}`),
    },
    {
      name: 'key DO UPDATE',
      text: insertWhole(
        table,
        row,
        `ON CONFLICT (${keys}) DO UPDATE SET tenant_id = t.tenant_id ${returning}`,
      ),
    },
    {
      name: 'key DO UPDATE WHERE',
      text: insertWhole(
        table,
        row,
        `ON CONFLICT (${keys}) DO UPDATE SET tenant_id = EXCLUDED.tenant_id WHERE t.tenant_id IS NOT NULL ${returning}`,
      ),
    },
    { name: 'MERGE UPDATE', text: merge('UPDATE SET tenant_id = t.tenant_id') },
    { name: 'MERGE DELETE', text: merge('DELETE') },
  ];
}

/** Keys that must be unique over all tenants, since they are looked up before the tenant is known. */
const GLOBAL_KEYS = ['api_keys_key_id_key', 'public_handles_kind_handle_key'];

const seen = ({ code, affected, rows }: Outcome) => ({ code, affected, rows });

/** The outcome of a probe as A, with the other tenant's row stored and with it gone. */
async function bothWays(table: string, text: string): Promise<{ stored: Outcome; gone: Outcome }> {
  const stored = await attempt(client, asApp(a), text);
  await client.query('SAVEPOINT without');
  await client.query("SET LOCAL session_replication_role = 'replica'"); // no foreign key holds the row
  await client.query(`DELETE FROM ${table} WHERE tenant_id = $1`, [b.tenantId]);
  await client.query("SET LOCAL session_replication_role = 'origin'");
  const gone = await attempt(client, asApp(a), text);
  await client.query('ROLLBACK TO SAVEPOINT without; RELEASE SAVEPOINT without');
  return { stored, gone };
}

describe('unique keys', () => {
  test('give the same outcome whether or not another tenant holds the value', async () => {
    let probed = 0;
    for (const table of tables) {
      const row = await copyForA(table);
      for (const { index, columns } of await uniqueKeys(client, table)) {
        if (GLOBAL_KEYS.includes(index)) continue;
        // A global key of the same row would decide the plain forms; its own test is below.
        if (table === 'api_keys') row['key_id'] = a.keyId;
        if (table === 'public_handles') row['handle'] = a.canary;
        for (const { name, text } of probes(table, columns, row)) {
          const { stored, gone } = await bothWays(table, text);
          expect([table, index, name, seen(stored)]).toEqual([table, index, name, seen(gone)]);
          expect([table, name, shows([stored.rows, stored.error?.detail], b)]).toEqual([table, name, false]);
          probed += 1;
        }
      }
    }
    expect(probed).toBeGreaterThanOrEqual(tables.length * 7);
  });

  test('let a tenant take a value that another tenant holds', async () => {
    for (const table of tables.filter((name) => !['api_keys', 'public_handles'].includes(name))) {
      const row = await copyForA(table);
      await client.query('SAVEPOINT own');
      await client.query("SET LOCAL session_replication_role = 'replica'");
      await client.query(`DELETE FROM ${table} WHERE tenant_id = $1`, [a.tenantId]);
      await client.query("SET LOCAL session_replication_role = 'origin'");
      const outcome = await attempt(client, asApp(a), insertWhole(table, row));
      await client.query('ROLLBACK TO SAVEPOINT own; RELEASE SAVEPOINT own');
      expect([table, outcome.code]).toEqual([table, null]);
    }
  });

  test.each([
    ['api_keys', ['key_id'], () => ({ key_id: b.keyId })],
    ['public_handles', ['kind', 'handle'], () => ({ handle: b.canary })],
  ])(
    'of a global kind, in %s, tell that it is taken and neither show nor touch whose',
    async (table, columns, taken) => {
      const row = { ...(await storedRow(client, table, a)), ...taken() };
      const outcomes: Record<string, string> = {};
      for (const { name, text } of probes(table, columns, row)) {
        const outcome = await attempt(client, asApp(a), text);
        outcomes[name] = outcome.code ?? `${outcome.affected} rows`;
        const { detail, hint, message, where } = outcome.error ?? {};
        expect([name, shows([outcome.rows, detail, hint, message, where], b)]).toEqual([name, false]);
      }
      expect(outcomes).toEqual({
        INSERT: '23505',
        'DO NOTHING': '0 rows',
        'key DO NOTHING': '0 rows',
        'key DO UPDATE': '42501',
        'key DO UPDATE WHERE': '42501',
        'MERGE UPDATE': '0 rows',
        'MERGE DELETE': '0 rows',
      });
    },
  );
});
