import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createLogger } from '@lib/observability';
import { toTenantId } from '@lib/primitives';
import {
  connectTestDatabase,
  createTestDatabase,
  createTestTenant,
  DatabaseProxy,
  type TestConnections,
  type TestDatabase,
  type TestTenant,
} from '@lib/testing';
import type { UnrecordedReason, UnrecordedRequest } from '../../domain/unrecorded-request.js';
import { UnrecordedRequests } from './unrecorded-requests.js';

let database: TestDatabase;
let proxy: DatabaseProxy;
let connections: TestConnections;
let tenant: TestTenant;
const started: UnrecordedRequests[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  proxy = await DatabaseProxy.start(database);
  connections = connectTestDatabase(database, { DATABASE_URL: proxy.url, CONNECTION_TIMEOUT_MS: '500' });
});
beforeEach(async () => {
  tenant = await createTestTenant(database);
});
afterEach(async () => {
  proxy.restore();
  for (const counter of started.splice(0)) await counter.stop();
});
afterAll(async () => {
  await connections.close();
  proxy.close();
  await database.drop();
});

/** The counting of one process. */
function counting(mostTallies?: number): UnrecordedRequests {
  const counter = new UnrecordedRequests(connections.app, createLogger('silent'), mostTallies);
  started.push(counter);
  return counter;
}

function lost(
  day = '2026-10-12',
  reason: UnrecordedReason = 'spool_full',
  { tenantId, podcastId }: TestTenant = tenant,
): UnrecordedRequest {
  return { tenantId: toTenantId(tenantId), podcastId, day, reason };
}

/** What is stored of the tenant: requests by podcast, day and reason, and in how many rows. */
async function stored({ tenantId }: TestTenant = tenant): Promise<object[]> {
  const { rows } = await database.owner.query<object>(
    `SELECT day::text, reason, sum(requests)::int AS requests, count(*)::int AS rows
     FROM unrecorded_requests WHERE tenant_id = $1 GROUP BY 1, 2 ORDER BY 1, 2`,
    [tenantId],
  );
  return rows;
}

describe('what is lost', () => {
  test('is added up by tenant, day and reason, over processes and as it comes', async () => {
    const other = await createTestTenant(database, 'Other');
    const [one, two] = [counting(), counting()];
    for (let n = 0; n < 3; n += 1) one.count(lost());
    one.count(lost('2026-10-13'));
    one.count(lost('2026-10-13', 'too_old'));
    one.count(lost('2026-10-13', 'too_old', other));
    two.count(lost());
    await Promise.all([one.write(), two.write()]);
    one.count(lost());
    await one.write();
    expect(await stored()).toEqual([
      { day: '2026-10-12', reason: 'spool_full', requests: 5, rows: 2 },
      { day: '2026-10-13', reason: 'spool_full', requests: 1, rows: 1 },
      { day: '2026-10-13', reason: 'too_old', requests: 1, rows: 1 },
    ]);
    expect(await stored(other)).toEqual([{ day: '2026-10-13', reason: 'too_old', requests: 1, rows: 1 }]);
  });

  test('waits in memory while the database is away, and is stored once', async () => {
    const counter = counting();
    counter.count(lost());
    proxy.cut();
    await counter.write();
    counter.count(lost());
    await counter.write();
    expect(await stored()).toEqual([]);
    proxy.restore();
    await counter.write();
    await counter.write();
    expect(await stored()).toEqual([{ day: '2026-10-12', reason: 'spool_full', requests: 2, rows: 1 }]);
  });

  test('is stored once also when the end of a commit is not heard of', async () => {
    const counter = counting();
    for (let n = 0; n < 5; n += 1) {
      counter.count(lost());
      const locker = await database.owner.connect();
      await locker.query('BEGIN; LOCK TABLE unrecorded_requests IN EXCLUSIVE MODE');
      const writing = counter.write();
      // The statement waits in the server, which goes on without its client.
      while (!(await insertWaits())) await new Promise((resolve) => setTimeout(resolve, 5));
      await locker.query('COMMIT');
      locker.release();
      if (n < 4) proxy.cut();
      await writing;
      proxy.restore();
    }
    await counter.write();
    expect(await stored()).toEqual([{ day: '2026-10-12', reason: 'spool_full', requests: 5, rows: 1 }]);
  });

  test('of a tenant that is gone holds up no other', async () => {
    const gone = { tenantId: randomUUID(), podcastId: randomUUID(), episodeIds: [] };
    const counter = counting();
    counter.count(lost(undefined, undefined, gone));
    counter.count(lost());
    await counter.write();
    expect(await stored()).toMatchObject([{ requests: 1 }]);
  });

  test('takes bounded memory: beyond it nothing is kept that was not, and what is written makes room', async () => {
    const counter = counting(2);
    for (const day of ['2026-10-01', '2026-10-02', '2026-10-03', '2026-10-01']) counter.count(lost(day));
    await counter.write();
    counter.count(lost('2026-10-03'));
    counter.count(lost('2026-10-01'));
    await counter.write();
    expect(await stored()).toEqual([
      { day: '2026-10-01', reason: 'spool_full', requests: 3, rows: 2 },
      { day: '2026-10-02', reason: 'spool_full', requests: 1, rows: 1 },
      { day: '2026-10-03', reason: 'spool_full', requests: 1, rows: 1 },
    ]);
  });
});

async function insertWaits(): Promise<boolean> {
  const { rowCount } = await database.owner.query(
    `SELECT FROM pg_stat_activity WHERE datname = current_database() AND usename = 'podcast_app' AND wait_event_type = 'Lock'`,
  );
  return rowCount !== 0;
}
