import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase, testSettings, type TestDatabase } from '@lib/testing';
import { queueContract } from './queue.contract.js';
import { eventually, TickWorkers } from './tick-workers.contract.js';

const TABLES = 'bullmq.scheduler, bullmq.job, bullmq.meta';

queueContract('PostgreSQL', async () => {
  const database = await createTestDatabase();
  return {
    settings: testSettings(database),
    empty: async () => {
      await database.owner.query(`TRUNCATE ${TABLES} CASCADE`);
    },
    stop: () => database.drop(),
  };
});

describe('PostgreSQL alone', () => {
  let database: TestDatabase;
  let workers: TickWorkers;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());
  afterEach(() => workers.end());

  test('workers that start together on an empty schema make it once, owned by podcast_queue', async () => {
    workers = new TickWorkers();
    const settings = testSettings(database);
    await Promise.all(['a', 'b', 'c'].map((name) => workers.start(settings, name, ['tick'])));
    await eventually(() => expect(workers.of('tick').length).toBeGreaterThan(3));
    const { rows } = await database.owner.query(
      `SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'bullmq'`,
    );
    expect(rows).toEqual([{ tableowner: 'podcast_queue' }]);
  });

  test('a login that may act as podcast_queue does so', async () => {
    workers = new TickWorkers();
    const settings = testSettings(database, { QUEUE_DATABASE_URL: database.urls.owner });
    await workers.start(settings, 'a', ['tick']);
    await eventually(() => expect(workers.of('tick').length).toBeGreaterThan(1));
    const { rows } = await database.owner.query<{ user: string }>(
      `SELECT usename AS "user" FROM pg_stat_activity WHERE application_name = 'podcast'`,
    );
    expect(rows).toHaveLength(1);
    expect(rows[0]!.user).not.toBe('podcast_queue');
    const created = await database.owner.query(
      `SELECT FROM pg_class WHERE relnamespace = 'bullmq'::regnamespace AND relowner <> 'podcast_queue'::regrole`,
    );
    expect(created.rows).toEqual([]);
  });

  test('a login that may not act as podcast_queue leaves the worker running and degraded', async () => {
    workers = new TickWorkers();
    const settings = testSettings(database, { QUEUE_DATABASE_URL: database.urls.app });
    const worker = await workers.start(settings, 'a', ['tick', 'rare']);
    await eventually(() => expect(worker.state().reason).toMatch(/PostgreSQL cannot be reached/));
    await eventually(() => expect(workers.of('rare')).toHaveLength(1));
    expect(workers.of('tick')).toHaveLength(0);
  });

  test('terminated connections cost no more than some ticks', async () => {
    workers = new TickWorkers();
    const worker = await workers.start(testSettings(database), 'a', ['tick']);
    await eventually(() => expect(workers.of('tick')).not.toHaveLength(0));
    for (let round = 0; round < 10; round += 1) {
      await database.owner.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'podcast_queue' AND datname = $1`,
        [database.name],
      );
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const endedAt = Date.now();
    await eventually(() =>
      expect(workers.of('tick').filter(({ at }) => at > endedAt).length).toBeGreaterThan(3),
    );
    await eventually(() => expect(worker.state()).toEqual({ status: 'up' }));
  });
});
