import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createTestDatabase, seedEveryTable, type CanaryTenant, type TestDatabase } from '@lib/testing';
import { toTenantId } from '@lib/primitives';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { QueryRunner } from 'typeorm';
import { AppDataSource } from './app-data-source.js';
import { shows } from './isolation.contract.js';
import { TenantDb } from './tenant-db.js';

let database: TestDatabase;
let a: CanaryTenant;
let b: CanaryTenant;
let source: AppDataSource;
let db: TenantDb;
let destroyed: number;

beforeAll(async () => {
  database = await createTestDatabase();
  a = await seedEveryTable(database.owner);
  b = await seedEveryTable(database.owner);
});
afterAll(() => database.drop());

/** A runner inside a transaction of A, as TenantDb opens it. */
async function openTransactionOfA(): Promise<QueryRunner> {
  const runner = await source.queryRunner();
  await runner.startTransaction();
  await runner.query(source.tenantPrologue(toTenantId(a.tenantId), {}));
  return runner;
}

const pooledClient = (runner: QueryRunner) => runner.connect() as Promise<pg.PoolClient>;
const podcasts = () => db.current.sql<{ title: string }>('SELECT title FROM podcasts');
const ignore = () => undefined;

/** What every route must leave behind: an idle connection without tenant or role, on which B is alone. */
async function expectNothingLeft(): Promise<void> {
  const runner = await source.queryRunner();
  const client = await pooledClient(runner);
  expect(client.getTransactionStatus()).not.toBe('T');
  const [state] = (await runner.query(
    `SELECT coalesce(current_setting('app.current_tenant', true), '') AS tenant, current_user = session_user AS self,
            now() = statement_timestamp() AS alone`,
  )) as object[];
  await runner.release();
  expect(state).toEqual({ tenant: '', self: true, alone: true });
  const rows = await db.run(b.tenantId, podcasts);
  expect([shows(rows, b), shows(rows, a)]).toEqual([true, false]);
}

describe.each(['app', 'owner'] as const)(
  'on the login of %s the next borrower sees nothing after',
  (login) => {
    beforeEach(() => {
      destroyed = 0;
      source = new AppDataSource({
        url: database.urls[login],
        replicaUrls: [],
        poolSize: 1,
        connectionTimeoutMs: 2_000,
        statementTimeoutMs: 500,
        lockTimeoutMs: 500,
        entities: [],
        onError: ignore,
        onGuardDestroyed: () => (destroyed += 1),
      });
      db = new TenantDb(source);
    });
    afterEach(async () => {
      await expectNothingLeft();
      await source.close();
    });

    test('a release without COMMIT or ROLLBACK', async () => {
      await (await openTransactionOfA()).release();
      expect(destroyed).toBe(1);
    });

    test('a release in a failed transaction', async () => {
      const runner = await openTransactionOfA();
      await runner.query('SELECT 1/0').catch(ignore);
      await runner.release();
      expect(destroyed).toBe(1);
    });

    test('a release while a statement is running, and others are queued', async () => {
      const runner = await source.queryRunner();
      const client = await pooledClient(runner);
      const late = [1, 2, 3].map(() => client.query('SELECT pg_sleep(0.2)').catch((error: unknown) => error));
      await runner.release();
      expect(await Promise.all(late)).toEqual([expect.any(Error), expect.any(Error), expect.any(Error)]);
      expect(destroyed).toBe(1);
    });

    test('a time limit of the driver, which leaves the statement running', async () => {
      const run = db.run(a.tenantId, async () => {
        const client = await pooledClient(db.current.manager.queryRunner!);
        Object.assign((client as unknown as { connectionParameters: object }).connectionParameters, {
          query_timeout: 50,
        });
        await db.current.sql('SELECT pg_sleep(0.4)');
      });
      await expect(run).rejects.toThrow('Query read timeout');
      expect(destroyed).toBe(1);
    });

    test('a time limit of the server', async () => {
      const run = db.run(a.tenantId, () => db.current.sql('SELECT pg_sleep(5)'));
      await expect(run).rejects.toMatchObject({ driverError: { code: '57014' } });
      expect(destroyed).toBe(0);
    });

    test.each(['beforeTransactionRollback', 'afterTransactionRollback', 'beforeTransactionCommit'] as const)(
      'a subscriber that throws in %s',
      async (event) => {
        const run = db.run(a.tenantId, async () => {
          const { subscribers } = db.current.manager.dataSource;
          expect(subscribers).toEqual([]);
          subscribers.push({ [event]: () => Promise.reject(new Error('subscriber')) });
          await podcasts();
          throw new Error('the work failed');
        });
        await expect(run).rejects.toThrow('the work failed');
        expect(destroyed).toBe(0);
      },
    );

    test('a promise that nobody waits for', async () => {
      const answers: unknown[] = [];
      let floating: Promise<unknown> = Promise.resolve();
      await db.run(a.tenantId, async () => {
        floating = (async () => {
          for (;;) answers.push(await podcasts());
        })().catch((error: unknown) => error);
        await sleep(30);
      });
      // In the transaction it saw A's row, and then nothing: never what the login sees outside of it.
      expect(await floating).toEqual(new Error('the tenant transaction has ended'));
      expect(answers).toEqual(Array(answers.length).fill([{ title: a.canary }]));
      expect(destroyed).toBe(0);
    });

    test('the sibling of a promise that failed, which goes on after the rollback', async () => {
      let sibling: Promise<void> = Promise.resolve();
      const run = db.run(a.tenantId, async () => {
        sibling = (async () => {
          for (;;) await db.current.sql("UPDATE podcasts SET author = 'after the rollback'");
        })();
        const other = sleep(30).then(() => Promise.reject(new Error('the other failed')));
        await Promise.all([other, sibling]);
      });
      await expect(run).rejects.toThrow('the other failed');
      await expect(sibling).rejects.toThrow('the tenant transaction has ended');
      const { rows } = await database.owner.query('SELECT DISTINCT author FROM podcasts');
      expect(rows).toEqual([{ author: null }]);
    });

    test('a manager that is used after its transaction', async () => {
      const manager = await db.run(a.tenantId, async () => db.current.manager);
      await expect(manager.query('SELECT title FROM podcasts')).rejects.toThrow();
    });

    test('a nested transaction of the manager: a savepoint of the same tenant', async () => {
      await db.run(a.tenantId, async () => {
        const nested = db.current.manager.transaction((inner) =>
          inner.query(`SELECT set_tenant_context('${b.tenantId}')`),
        );
        await expect(nested).rejects.toMatchObject({ driverError: { code: '42501' } });
        await db.current.manager.transaction((inner) => inner.query("UPDATE podcasts SET link = 'x'"));
        expect(shows(await podcasts(), a)).toBe(true);
      });
    });

    test('a cursor WITH HOLD', async () => {
      await db.run(a.tenantId, () =>
        db.current.sql('DECLARE held CURSOR WITH HOLD FOR SELECT * FROM podcasts'),
      );
      const fetched = db.run(b.tenantId, () => db.current.sql('FETCH ALL FROM held'));
      await expect(fetched).rejects.toMatchObject({ driverError: { code: '34000' } });
    });

    test('a connection that the server ended in the middle', async () => {
      const run = db.run(a.tenantId, async () => {
        const [row] = await db.current.sql<{ pid: number }>('SELECT pg_backend_pid() AS pid');
        await database.owner.query('SELECT pg_terminate_backend($1)', [row!.pid]);
        await sleep(20);
        await podcasts();
      });
      await expect(run).rejects.toThrow();
      expect(await db.run(a.tenantId, podcasts)).toEqual([{ title: a.canary }]);
    });

    test('a tenant that the prologue refuses', async () => {
      const runner = await openTransactionOfA();
      const second = runner.query(source.tenantPrologue(toTenantId(b.tenantId), {}));
      await expect(second).rejects.toMatchObject({ driverError: { code: '42501' } });
      await runner.rollbackTransaction();
      await runner.release();
      expect(destroyed).toBe(0);
    });

    test('more work than connections: everyone waits, nobody starves, nobody gets a second connection', async () => {
      const titles = await Promise.all(
        Array.from({ length: 10 }, () =>
          db.run(a.tenantId, async () => {
            const second = db.run(a.tenantId, podcasts);
            await expect(second).rejects.toThrow('does not nest');
            await sleep(5);
            return podcasts();
          }),
        ),
      );
      expect(titles).toEqual(Array(10).fill([{ title: a.canary }]));
    });

    test('a wait for a connection that took too long', async () => {
      const holder = db.run(a.tenantId, () => sleep(2_400));
      await expect(db.run(b.tenantId, podcasts)).rejects.toThrow('timeout');
      await holder;
    });
  },
);
