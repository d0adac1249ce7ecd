import type { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  connectTestDatabase,
  createTestDatabase,
  createTestTenant,
  type TestConnections,
  type TestDatabase,
  type TestTenant,
} from '@lib/testing';
import { databaseUnavailable } from './database-unavailable.js';
import type { Sql } from './role-pool.js';

let database: TestDatabase;
let connections: TestConnections;
let tenant: TestTenant;

beforeAll(async () => {
  database = await createTestDatabase();
  connections = connectTestDatabase(database);
  tenant = await createTestTenant(database);
});
afterAll(async () => {
  await connections.close();
  await database.drop();
});

/** Ends the transaction's connection while nothing runs on it, and waits until the driver has noticed. */
async function loseConnection(sql: Sql): Promise<void> {
  const [row] = await sql<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  await database.owner.query('SELECT pg_terminate_backend($1)', [row?.pid]);
  await sleep(100);
}

/** Fails by an uncaught error, not by an expectation, where nobody listens to a client that is lent out. */
describe('a connection that is lost between two statements', () => {
  const failure = (work: Promise<unknown>) => work.catch((error: unknown) => error);

  test('fails the transaction of a pool as unavailable, and the next one works', async () => {
    const error = await failure(
      connections.app.transaction(async (sql) => {
        await loseConnection(sql);
        await sql('SELECT 1');
      }),
    );
    expect(databaseUnavailable(error)).toBe(true);
    expect(await connections.app.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('fails COMMIT of a pool as unavailable', async () => {
    expect(databaseUnavailable(await failure(connections.app.transaction(loseConnection)))).toBe(true);
  });

  test('fails a tenant’s transaction as unavailable, and the next one works', async () => {
    const { db } = connections;
    const error = await failure(
      db.run(tenant.tenantId, async () => {
        await loseConnection(db.current.sql);
        await db.current.sql('SELECT 1');
      }),
    );
    expect(databaseUnavailable(error)).toBe(true);
    expect(await db.run(tenant.tenantId, () => db.current.sql('SELECT 1 AS one'))).toEqual([{ one: 1 }]);
  });

  test('ends no process in the moment between leaving the pool and being in use', async () => {
    const { db } = connections;
    const pool = await db.run(tenant.tenantId, () => {
      const driver = db.current.manager.dataSource.driver as unknown as { master: EventEmitter };
      return Promise.resolve(driver.master);
    });
    pool.once('acquire', (client: EventEmitter) =>
      queueMicrotask(() => client.emit('error', new Error('terminating connection'))),
    );
    expect(await db.run(tenant.tenantId, () => db.current.sql('SELECT 1 AS one'))).toEqual([{ one: 1 }]);
  });

  test('fails COMMIT of a tenant as unavailable', async () => {
    const { db } = connections;
    const error = await failure(db.run(tenant.tenantId, () => loseConnection(db.current.sql)));
    expect(databaseUnavailable(error)).toBe(true);
  });
});
