import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createTestDatabase, seedEveryTable, type CanaryTenant, type TestDatabase } from '@lib/testing';
import { toTenantId } from '@lib/primitives';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { tenantContext } from './app-data-source.js';
import type { DatabaseRole } from './connection.js';
import { shows } from './isolation.contract.js';
import { guardReleases } from './release-guard.js';
import { RolePool, type Sql } from './role-pool.js';

let database: TestDatabase;
let a: CanaryTenant;
let b: CanaryTenant;
let destroyed: number;
const open: { end(): Promise<void> }[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  a = await seedEveryTable(database.owner);
  b = await seedEveryTable(database.owner);
});
beforeEach(() => {
  destroyed = 0;
});
afterEach(() => Promise.all(open.splice(0).map((pool) => pool.end())));
afterAll(() => database.drop());

function rolePool(role: DatabaseRole, url: string): RolePool {
  const pool = new RolePool({
    url,
    role,
    max: 1,
    connectionTimeoutMs: 2_000,
    statementTimeoutMs: 500,
    lockTimeoutMs: 500,
    onError: () => undefined,
    onGuardDestroyed: () => (destroyed += 1),
  });
  open.push(pool);
  return pool;
}

const contextOf = ({ tenantId }: CanaryTenant) => tenantContext(toTenantId(tenantId));
const podcasts = (sql: Sql) => sql('SELECT * FROM podcasts');

describe.each(['own', 'owner'] as const)('a pool of one role on the login of %s', (login) => {
  const urlFor = (role: 'app' | 'maintenance' | 'admin') => database.urls[login === 'own' ? role : 'owner'];

  test('acts as that role in every transaction, and as nobody else before or after', async () => {
    for (const role of ['app', 'maintenance', 'admin'] as const) {
      const pool = rolePool(`podcast_${role}`, urlFor(role));
      for (let turn = 0; turn < 3; turn += 1)
        expect(await pool.query('SELECT current_user AS role')).toEqual([{ role: `podcast_${role}` }]);
    }
  });

  test('shows the application nothing without a tenant, and with one only its rows', async () => {
    const pool = rolePool('podcast_app', urlFor('app'));
    expect(await pool.transaction(podcasts)).toEqual([]);
    const rows = await pool.transaction(podcasts, contextOf(a));
    expect([shows(rows, a), shows(rows, b)]).toEqual([true, false]);
    expect(await pool.transaction(podcasts)).toEqual([]);
  });

  test('rolls back what throws and reports what failed inside', async () => {
    const pool = rolePool('podcast_app', urlFor('app'));
    const write = (sql: Sql) => sql("UPDATE podcasts SET author = 'x' RETURNING title");
    const throwing = pool.transaction(async (sql) => {
      expect(await write(sql)).toEqual([{ title: a.canary }]);
      throw new Error('no');
    }, contextOf(a));
    await expect(throwing).rejects.toThrow('no');
    const swallowing = pool.transaction(async (sql) => {
      await write(sql);
      await sql('SELECT 1/0').catch(() => undefined);
    }, contextOf(a));
    await expect(swallowing).rejects.toThrow('rolled back at COMMIT');
    const { rows } = await database.owner.query('SELECT DISTINCT author FROM podcasts');
    expect([rows, destroyed]).toEqual([[{ author: null }], 0]);
  });

  test('refuses a statement that comes after its transaction, instead of running it in the next one', async () => {
    const pool = rolePool('podcast_app', urlFor('app'));
    let kept: Sql | undefined;
    await pool.transaction(async (sql) => void (kept = sql), contextOf(a));
    await pool.transaction(async () => {
      await expect(podcasts(kept!)).rejects.toThrow('the transaction has ended');
    }, contextOf(b));
    expect(destroyed).toBe(0);
  });

  test('leaves nothing behind when a time limit ends a statement', async () => {
    const pool = rolePool('podcast_app', urlFor('app'));
    await expect(pool.transaction((sql) => sql('SELECT pg_sleep(9)'), contextOf(a))).rejects.toMatchObject({
      code: '57014',
    });
    expect(await pool.transaction(podcasts)).toEqual([]);
  });

  test('leaves nothing behind when the driver gives up on a statement that still runs', async () => {
    const url = new URL(urlFor('app'));
    url.searchParams.set('query_timeout', '200');
    const pool = rolePool('podcast_app', url.href);
    const running = pool.transaction((sql) => sql('SELECT pg_sleep(0.45)'), contextOf(a));
    await expect(running).rejects.toThrow('Query read timeout');
    await sleep(400);
    expect(await pool.transaction(podcasts)).toEqual([]);
  });

  test('closes a cursor that was held open', async () => {
    const pool = rolePool('podcast_app', urlFor('app'));
    const held = 'DECLARE held CURSOR WITH HOLD FOR SELECT * FROM podcasts';
    await pool.transaction((sql) => sql(held), contextOf(a));
    await expect(pool.query('FETCH ALL FROM held')).rejects.toMatchObject({ code: '34000' });
  });
});

describe('the release guard', () => {
  const guarded = () => {
    const pool = new pg.Pool({ connectionString: database.urls.app, max: 1 });
    guardReleases(pool, () => (destroyed += 1));
    open.push(pool);
    return pool;
  };

  test.each([
    ['BEGIN', true],
    ["BEGIN; SELECT set_config('app.current_tenant', 'x', true)", true],
    ['BEGIN; COMMIT', false],
    ['BEGIN; SAVEPOINT s; ROLLBACK', false],
    ['SELECT 1', false],
    ['COMMIT AND CHAIN', false],
    ['BEGIN; COMMIT AND CHAIN', true],
  ])('after %j destroys the client: %s', async (text, dirty) => {
    const pool = guarded();
    const client = await pool.connect();
    await client.query(text).catch(() => undefined);
    client.release();
    expect([destroyed, pool.totalCount]).toEqual(dirty ? [1, 0] : [0, 1]);
    expect((await pool.query('SELECT 1 AS alive')).rows).toEqual([{ alive: 1 }]);
  });

  test('destroys a client that is still busy, and never the clean ones beside it', async () => {
    const pool = guarded();
    for (let turn = 0; turn < 50; turn += 1) {
      const client = await pool.connect();
      if (turn % 10 === 9) {
        const running = client.query('SELECT pg_sleep(1)');
        client.release();
        await expect(running).rejects.toThrow();
      } else {
        await client.query('SELECT 1');
        client.release();
      }
    }
    expect(destroyed).toBe(5);
  });
});
