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
import { asApp, attempt, insertRow, quote } from './isolation.contract.js';
import { foreignKeys, storedRow, type ForeignKey, type Row } from './tenant-keys.contract.js';

let database: TestDatabase;
let client: pg.PoolClient;
let a: CanaryTenant;
let b: CanaryTenant;
let keys: ForeignKey[];

beforeAll(async () => {
  database = await createTestDatabase();
  a = await seedEveryTable(database.owner);
  b = await seedEveryTable(database.owner);
  keys = await foreignKeys(database.owner);
  client = await database.owner.connect();
  await client.query('BEGIN');
});

afterAll(async () => {
  client.release(true);
  await database.drop();
});

describe('foreign keys', () => {
  test('between rows of a tenant exist, and none leads out of the tenant', () => {
    expect(keys.filter(({ columns }) => columns.length > 1)).not.toEqual([]);
    for (const { columns, parentColumns } of keys)
      expect([columns[0], parentColumns[0]]).toEqual(['tenant_id', 'tenant_id']);
  });

  test("of a new row treat another tenant's row like one that does not exist", async () => {
    for (const key of keys.filter(({ columns }) => columns.length > 1)) {
      const row: Row = { ...canaryRows({ ...canaryTenant(), tenantId: a.tenantId })[key.child]![0] };
      const insertWith = (parent: Row) => {
        key.columns.forEach((column, at) => (row[column] = parent[key.parentColumns[at]!]));
        return attempt(client, asApp(a), insertRow(key.child, { ...row, tenant_id: a.tenantId }));
      };
      const own = await insertWith(await storedRow(client, key.parent, a));
      const foreign = await insertWith(await storedRow(client, key.parent, b));
      const unknown = await insertWith(canaryRows(canaryTenant())[key.parent]![0]!);
      expect([key.child, own.code, foreign.code, unknown.code]).toEqual([key.child, null, '23503', '23503']);
      expect(foreign.error?.message).toBe(unknown.error?.message);
    }
  });

  test("of a stored row cannot be moved to another tenant's row", async () => {
    for (const { child, parent, columns, parentColumns } of keys.filter((k) => k.columns.length > 1)) {
      const target = await storedRow(client, parent, b);
      const changes = columns
        .slice(1)
        .map((column, at) => `${column} = ${quote(String(target[parentColumns[at + 1]!]))}`);
      const outcome = await attempt(client, asApp(a), `UPDATE ${child} SET ${changes.join(', ')}`);
      // Either the key refuses it, or the rows may not be changed at all.
      expect([child, ['23503', '42501'].includes(outcome.code ?? '')]).toEqual([child, true]);
    }
  });
});
