import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Sql } from '@lib/database';
import { toTenantId, type TenantId } from '@lib/primitives';
import {
  connectTestDatabase,
  createTestDatabase,
  createTestTenant,
  type TestConnections,
  type TestDatabase,
} from '@lib/testing';
import { keepMark, takeMarks } from './marks.sql.js';

const DAY = new Date('2026-03-02T00:00:00Z');
const NEXT_DAY = new Date('2026-03-03T00:00:00Z');

let database: TestDatabase;
let connections: TestConnections;
let tenantId: TenantId;
beforeAll(async () => {
  database = await createTestDatabase();
  connections = connectTestDatabase(database);
});
afterAll(async () => {
  await connections.close();
  await database.drop();
});
beforeEach(async () => {
  tenantId = toTenantId((await createTestTenant(database, 'Tenant', 0)).tenantId);
});

const run = <T>(work: (sql: Sql) => Promise<T>) =>
  connections.db.run(tenantId, () => work(connections.db.current.sql));
const keep = (day = DAY) => run((sql) => keepMark(sql, tenantId, 'detect', day));
const take = (sql: Sql) => takeMarks(sql, tenantId, 'detect', DAY, NEXT_DAY);
async function marks(): Promise<number> {
  const { rows } = await database.owner.query('SELECT FROM dirty_buckets WHERE tenant_id = $1', [tenantId]);
  return rows.length;
}

async function somebodyWaits(): Promise<void> {
  const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
  while ((await database.owner.query(waiting)).rows.length === 0) await sleep(10);
}

/** Work of which the caller says when it may commit. */
function hold(work: (sql: Sql) => Promise<unknown>): {
  done: Promise<void>;
  began: Promise<void>;
  commit(): void;
} {
  let begin!: () => void;
  let commit!: () => void;
  const [began, mayCommit] = [
    new Promise<void>((resolve) => (begin = resolve)),
    new Promise<void>((resolve) => (commit = resolve)),
  ];
  const done = run(async (sql) => {
    await work(sql);
    begin();
    await mayCommit;
  });
  return { done, began, commit };
}

describe('a mark that is kept', () => {
  test('is one, however often it is asked for, and one for each bucket', async () => {
    for (let times = 0; times < 5; times += 1) await keep();
    expect(await marks()).toBe(1);
    await keep(NEXT_DAY);
    expect(await marks()).toBe(2);
  });

  test('is made anew while the one that stands is being taken', async () => {
    await keep();
    const taking = hold(take);
    await taking.began;
    await keep();
    taking.commit();
    await taking.done;
    expect(await marks()).toBe(1);
  });

  test('is not taken before the news that rely on it are committed', async () => {
    await keep();
    const telling = hold((sql) => keepMark(sql, tenantId, 'detect', DAY));
    await telling.began;
    const order: string[] = [];
    const taken = run(take).then(() => order.push('taken'));
    await Promise.race([taken, somebodyWaits()]);
    order.push('committed');
    telling.commit();
    await Promise.all([telling.done, taken]);
    expect(order).toEqual(['committed', 'taken']);
    expect(await marks()).toBe(0);
  });
});
