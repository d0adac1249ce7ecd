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
import { asApp, attempt, insertRow, quote, shows, tenantTables, type Outcome } from './isolation.contract.js';

type Row = Record<string, unknown>;

/** A foreign key: the child's columns in the order of the parent's. */
interface ForeignKey {
  child: string;
  parent: string;
  columns: string[];
  parentColumns: string[];
}

let database: TestDatabase;
let client: pg.PoolClient;
let a: CanaryTenant;
let b: CanaryTenant;
let tables: string[];
let foreignKeys: ForeignKey[];

beforeAll(async () => {
  database = await createTestDatabase();
  a = await seedEveryTable(database.owner);
  b = await seedEveryTable(database.owner);
  tables = await tenantTables(database.owner);
  foreignKeys = await readForeignKeys();
  client = await database.owner.connect();
  await client.query('BEGIN');
});

afterAll(async () => {
  client.release(true);
  await database.drop();
});

async function readForeignKeys(): Promise<ForeignKey[]> {
  const names = (table: string, numbers: string) =>
    `(SELECT array_agg(att.attname::text ORDER BY n.place) FROM unnest(k.${numbers}) WITH ORDINALITY AS n (number, place)
      JOIN pg_attribute att ON att.attrelid = k.${table} AND att.attnum = n.number)`;
  const { rows } = await database.owner.query<ForeignKey>(
    `SELECT k.conrelid::regclass::text AS child, k.confrelid::regclass::text AS parent,
            ${names('conrelid', 'conkey')} AS columns, ${names('confrelid', 'confkey')} AS "parentColumns"
     FROM pg_constraint k WHERE k.contype = 'f' AND k.conparentid = 0 ORDER BY k.conname`,
  );
  return rows;
}

/** Columns of each unique index of a table. */
async function uniqueKeys(table: string): Promise<{ index: string; columns: string[] }[]> {
  const { rows } = await database.owner.query<{ index: string; columns: string[] }>(
    `SELECT i.indexrelid::regclass::text AS index,
            (SELECT array_agg(pg_get_indexdef(i.indexrelid, n, true) ORDER BY n) FROM generate_series(1, i.indnkeyatts) n) AS columns
     FROM pg_index i WHERE i.indrelid = $1::regclass AND i.indisunique`,
    [table],
  );
  return rows;
}

async function storedRow(table: string, { tenantId }: CanaryTenant): Promise<Row> {
  const { rows } = await client.query<{ row: Row }>(
    `SELECT to_jsonb(t) AS row FROM ${table} t WHERE tenant_id = $1 LIMIT 1`,
    [tenantId],
  );
  return rows[0]!.row;
}

/** The other tenant's row with A as its tenant, and with A's own parents, so that nothing but the keys can collide. */
async function copyForA(table: string): Promise<Row> {
  const own = await storedRow(table, a);
  const copy = { ...(await storedRow(table, b)), tenant_id: a.tenantId };
  for (const { child, columns } of foreignKeys)
    if (child === table) for (const column of columns) Object.assign(copy, { [column]: own[column] });
  return copy;
}

/** An INSERT of a whole row, identity columns included. */
const insertWhole = (table: string, row: Row, rest = '') =>
  `INSERT INTO ${table} AS t OVERRIDING SYSTEM VALUE ${recordOf(table, row)} ${rest}`;

const recordOf = (table: string, row: Row) =>
  `SELECT (jsonb_populate_record(NULL::${table}, ${quote(JSON.stringify(row))})).*`;

describe('foreign keys', () => {
  test('exist, and none leads out of the tenant', () => {
    expect(foreignKeys.length).toBeGreaterThan(0);
    for (const { columns, parentColumns } of foreignKeys)
      expect([columns[0], parentColumns[0]]).toEqual(['tenant_id', 'tenant_id']);
  });

  test("of a new row treat another tenant's row like one that does not exist", async () => {
    for (const key of foreignKeys.filter(({ columns }) => columns.length > 1)) {
      const row: Row = { ...canaryRows({ ...canaryTenant(), tenantId: a.tenantId })[key.child]![0] };
      const insertWith = (parent: Row) => {
        key.columns.forEach((column, at) => (row[column] = parent[key.parentColumns[at]!]));
        return attempt(client, asApp(a), insertRow(key.child, { ...row, tenant_id: a.tenantId }));
      };
      const own = await insertWith(await storedRow(key.parent, a));
      const foreign = await insertWith(await storedRow(key.parent, b));
      const unknown = await insertWith(canaryRows(canaryTenant())[key.parent]![0]!);
      expect([key.child, own.code, foreign.code, unknown.code]).toEqual([key.child, null, '23503', '23503']);
      expect(foreign.error?.message).toBe(unknown.error?.message);
    }
  });

  test("of a stored row cannot be moved to another tenant's row", async () => {
    for (const { child, parent, columns, parentColumns } of foreignKeys.filter((k) => k.columns.length > 1)) {
      const target = await storedRow(parent, b);
      const changes = columns
        .slice(1)
        .map((column, at) => `${column} = ${quote(String(target[parentColumns[at + 1]!]))}`);
      const outcome = await attempt(client, asApp(a), `UPDATE ${child} SET ${changes.join(', ')}`);
      expect([child, outcome.code]).toEqual([child, '23503']);
    }
  });
});

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
      for (const { index, columns } of await uniqueKeys(table)) {
        if (index === 'api_keys_key_id_key') continue;
        // A global key of the same row would decide the plain forms; its own test is below.
        if (table === 'api_keys') row['key_id'] = a.keyId;
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
    for (const table of tables.filter((name) => !['api_keys'].includes(name))) {
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

  test('of the one global kind, a key id, tell that it is taken and neither show nor touch whose', async () => {
    const row = { ...(await storedRow('api_keys', a)), key_id: b.keyId };
    const outcomes: Record<string, string> = {};
    for (const { name, text } of probes('api_keys', ['key_id'], row)) {
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
  });
});
