import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createLogger } from '@lib/observability';
import { connectTestDatabase, createTestDatabase, createTestTenant } from '@lib/testing';
import type { TestConnections, TestDatabase } from '@lib/testing';
import { DayDrain, FIRST, IN_PASSING, type DrainPace, type RefreshDay } from './day-drain.js';

const DAYS = ['2026-03-01', '2026-03-02', '2026-03-03'];

let database: TestDatabase;
let connections: TestConnections;
let tenants: string[];

beforeAll(async () => {
  database = await createTestDatabase();
  connections = connectTestDatabase(database);
  tenants = [];
  for (const name of ['a', 'b', 'c', 'd']) tenants.push((await createTestTenant(database, name)).tenantId);
});
afterAll(async () => {
  await connections.close();
  await database.drop();
});
beforeEach(() => database.owner.query('TRUNCATE dirty_buckets'));

async function mark(kind: string, secondsAgo = 0): Promise<void> {
  await database.owner.query(
    `INSERT INTO dirty_buckets (tenant_id, kind, bucket, marked_at)
     SELECT t, $1, d, clock_timestamp() - $4::float8 * interval '1 second' FROM unnest($2::uuid[]) t, unnest($3::timestamptz[]) d`,
    [kind, tenants, DAYS.map((day) => `${day}T00:00Z`), secondsAgo],
  );
}

function drain(refresh: RefreshDay, pace: DrainPace): DayDrain {
  return new DayDrain(connections.app, createLogger('silent'), 'slice', refresh, pace);
}

/** A refresh that takes some turns of the event loop, and what ran beside what. */
class Watched {
  readonly done: string[] = [];
  readonly running = new Set<string>();
  most = 0;
  twoOfOne = 0;

  readonly refresh: RefreshDay = async ({ tenantId, key }) => {
    if (this.running.has(tenantId)) this.twoOfOne += 1;
    this.running.add(tenantId);
    this.most = Math.max(this.most, this.running.size);
    await connections.app.query('SELECT pg_sleep(0.02)');
    this.running.delete(tenantId);
    this.done.push(key);
    return 1;
  };
}

describe('working off marked days', () => {
  test('refreshes tenants side by side, each day once, never two of one tenant', async () => {
    await mark('slice');
    const watched = new Watched();
    const pace = { ...FIRST, tenantsAtOnce: 3 };
    expect(await drain(watched.refresh, pace).run()).toEqual({ days: 12, rows: 12, busy: 0, failed: 0 });
    expect(new Set(watched.done).size).toBe(12);
    expect(watched).toMatchObject({ most: 3, twoOfOne: 0 });
  });

  test('goes on after a day that fails', async () => {
    await mark('slice');
    const { refresh } = new Watched();
    const failing: RefreshDay = (day) =>
      day.tenantId === tenants[1] ? Promise.reject(new Error('of b')) : refresh(day);
    expect(await drain(failing, FIRST).run()).toEqual({ days: 9, rows: 9, busy: 0, failed: 3 });
  });

  test('ends when the database is away, and not before what runs beside has ended', async () => {
    await mark('slice');
    const watched = new Watched();
    const away = Object.assign(new Error('terminating connection'), { code: '57P01' });
    const failing: RefreshDay = (day) =>
      day.tenantId === tenants[0] ? Promise.reject(away) : watched.refresh(day);
    await expect(drain(failing, { ...FIRST, budgetMs: 0 }).run()).resolves.toMatchObject({ days: 0 });
    await expect(drain(failing, FIRST).run()).rejects.toBe(away);
    expect(watched.running.size).toBe(0);
  });

  test.each([
    ['count', 10, 0],
    ['slice', 10, 0],
    ['count', 0, 12],
    ['audience', 10, 12],
  ])('gives way to what comes first: %s marks %d seconds old', async (kind, age, days) => {
    await mark(kind, age);
    await mark('slice');
    const pace = { ...IN_PASSING, budgetMs: 60_000, budgetBehindMs: 0 };
    expect(await drain(new Watched().refresh, pace).run()).toMatchObject({ days });
  });
});
