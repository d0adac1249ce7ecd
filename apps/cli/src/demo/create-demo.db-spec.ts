import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import {
  createTestDatabase,
  createTestTenant,
  DatabaseProxy,
  testSettings,
  type TestDatabase,
} from '@lib/testing';
import { abandonDemo, createDemo, type DemoNetwork } from './create-demo.js';
import { keepDemoPlan, newDemoPlan, type DemoPlan } from './demo-plan.js';
import { keepDemo } from './keep-demo.js';

// Sixty days are counted, on a machine that may be busy.
jest.setTimeout(240_000);

let database: TestDatabase;
const plan = newDemoPlan();
let demo: DemoNetwork;
const progress: [number, number][] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  demo = await createDemo({
    settings: testSettings(database),
    plan,
    onProgress: (done, total) => progress.push([done, total]),
  });
});
afterAll(() => database.drop());

async function one(text: string): Promise<Record<string, string>> {
  const { rows } = await database.owner.query<Record<string, string>>(text, [demo.tenantId]);
  return rows[0] ?? {};
}

describe('the demo network', () => {
  test('has sixty days of listening, at most 150,000 events', async () => {
    const row = await one(
      `SELECT count(*) AS events, count(DISTINCT (occurred_at AT TIME ZONE 'UTC')::date) AS days,
              count(DISTINCT event_type) AS types FROM listener_events WHERE tenant_id = $1`,
    );
    expect(Number(row['events'])).toBeGreaterThan(20_000);
    expect(Number(row['events'])).toBeLessThanOrEqual(150_000);
    expect(row['days']).toBe('60');
    expect(Number(row['types'])).toBeGreaterThanOrEqual(6);
  });

  test('has rollups that equal a count of its raw events', async () => {
    const raw = await one('SELECT count(*) AS n FROM listener_events WHERE tenant_id = $1');
    for (const grain of ['slice', 'hour', 'day', 'month']) {
      const sum = await one(
        `SELECT sum(value) AS n FROM listener_metrics WHERE tenant_id = $1 AND grain = '${grain}' AND dimension = 'none' AND metric NOT IN ('downloads', 'listen_time')`,
      );
      expect([grain, sum['n']]).toEqual([grain, raw['n']]);
    }
    expect(
      (
        await one(
          `SELECT sum(value) AS n FROM metrics_daily WHERE tenant_id = $1 AND metric NOT IN ('downloads', 'listen_time')`,
        )
      )['n'],
    ).toBe(raw['n']);
  });

  test('can be asked by app and for retention at once', async () => {
    const byApp = await one(
      `SELECT count(DISTINCT dimension_value) AS apps, sum(value) AS n FROM listener_dimensions
       WHERE tenant_id = $1 AND grain = 'day' AND dimension = 'app' AND metric = 'downloads'
         AND episode_id <> '00000000-0000-0000-0000-000000000000'`, // rows of podcasts and of the network are sums of these
    );
    const all = await one(
      `SELECT sum(value) AS n FROM listener_metrics
       WHERE tenant_id = $1 AND grain = 'day' AND dimension = 'none' AND metric = 'downloads'`,
    );
    expect(Number(byApp['apps'])).toBeGreaterThan(4);
    expect(byApp['n']).toBe(all['n']);
    // Every part of the longest episodes was heard by many.
    const heard = await one(
      `SELECT count(DISTINCT bin) AS bins, sum(amount) AS ms FROM listening_positions CROSS JOIN LATERAL unnest(bins, amounts) AS u (bin, amount)
       WHERE tenant_id = $1 AND grain = 'month' AND kind = 'heard'`,
    );
    expect(Number(heard['bins'])).toBeGreaterThanOrEqual((55 * 60) / 10);
    expect(Number(heard['ms'])).toBeGreaterThan(500 * 3_600_000);
    const waiting = await one(
      `SELECT count(*) AS n FROM dirty_buckets
       WHERE tenant_id = $1 AND kind IN ('count', 'slice', 'agents', 'dimension', 'listening', 'metrics_daily', 'release', 'audience')`,
    );
    expect(waiting['n']).toBe('0');
  });

  test('keeps no key for longer than 48 hours', async () => {
    const row = await one(
      `SELECT count(*) AS n, count(*) FILTER (WHERE destroy_after > now() + interval '48 hours') AS long
       FROM listener_keys WHERE tenant_id = $1`,
    );
    expect(Number(row['n'])).toBeGreaterThan(60);
    expect(row['long']).toBe('0');
  });

  test('tells its progress to the end', () => {
    expect(progress.length).toBeGreaterThan(10);
    expect(
      progress.every(([done, total], index) => done <= total && done >= (progress[index - 1]?.[0] ?? 0)),
    ).toBe(true);
  });
});

describe('a first start that is interrupted', () => {
  let other: TestDatabase;
  let proxy: DatabaseProxy;
  let dataDir: string;
  beforeAll(async () => {
    other = await createTestDatabase();
    proxy = await DatabaseProxy.start(other);
    dataDir = await mkdtemp(join(tmpdir(), 'podcast-demo-'));
    await mkdir(join(dataDir, 'secrets'));
  });
  afterAll(async () => {
    proxy.close();
    await other.drop();
    await rm(dataDir, { recursive: true });
  });

  const secret = (name: string) => join(dataDir, 'secrets', name);
  const keep = () => keepDemo(testSettings(other, { DATABASE_URL: proxy.url }), dataDir, () => undefined);

  async function eventsStored(): Promise<number> {
    const { rows } = await other.owner.query<{ n: number }>('SELECT count(*)::int AS n FROM listener_events');
    return rows[0]?.n ?? 0;
  }

  /** Every number of a tenant as a line of text, without what differs from one installation to another. */
  async function numbers({ owner }: TestDatabase, tenantId: string): Promise<Set<string>> {
    const { rows } = await owner.query<{ line: string }>(
      `SELECT concat_ws(' ', m.grain, m.bucket, p.title, e.guid, m.metric, m.dimension, m.dimension_value, m.evidence,
                        sum(m.value)) AS line
       FROM (SELECT * FROM listener_dimensions UNION ALL
             SELECT tenant_id, bucket, podcast_id, episode_id, rule_set_id, value, grain, metric, dimension, dimension_value,
                    evidence FROM listener_metrics) m JOIN podcasts p ON p.tenant_id = m.tenant_id AND p.id = m.podcast_id
       LEFT JOIN episodes e ON e.tenant_id = m.tenant_id AND e.id = m.episode_id
       WHERE m.tenant_id = $1
       GROUP BY m.grain, m.bucket, p.title, e.guid, m.metric, m.dimension, m.dimension_value, m.evidence`,
      [tenantId],
    );
    return new Set(rows.map(({ line }) => line));
  }

  test('is finished by the next, with the numbers of one that was not', async () => {
    const begun = { ...newDemoPlan(), until: plan.until };
    await writeFile(secret('demo-plan.json'), JSON.stringify(begun));
    const interrupted = expect(keep()).rejects.toThrow();
    while ((await eventsStored()) < 8_000) await new Promise((resolve) => setTimeout(resolve, 20));
    proxy.cut();
    await interrupted;
    proxy.restore();
    expect(await readdir(join(dataDir, 'secrets'))).toEqual(['demo-plan.json']);

    const finished = await keep();
    expect(finished.tenantId).toBe(begun.tenantId);
    const expected = await numbers(database, demo.tenantId);
    const found = await numbers(other, finished.tenantId);
    expect(found.size).toBeGreaterThan(10_000);
    // Not compared as a whole: to show how long lists differ takes minutes.
    expect([...found].filter((line) => !expected.has(line)).slice(0, 5)).toEqual([]);
    expect(found.size).toBe(expected.size);
    expect(await keep()).toEqual(finished);
    expect(await readdir(join(dataDir, 'secrets'))).toEqual(['demo.json']);
  });

  test('is given up when it was too long ago to be finished as it began', async () => {
    const { tenantId } = await createTestTenant(other, 'Stale', 0);
    const settings = testSettings(other);
    const abandon = (given: DemoPlan) => abandonDemo(settings, given);
    const path = secret('stale-plan.json');
    for (const begun of [tenantId, newDemoPlan().tenantId]) {
      const old = { ...newDemoPlan(new Date(Date.now() - 2 * 86_400_000)), tenantId: begun };
      await writeFile(path, JSON.stringify(old));
      const next = await keepDemoPlan(path, abandon);
      expect(next.tenantId).not.toBe(begun);
      expect(await keepDemoPlan(path, abandon)).toEqual(next);
      await rm(path);
    }
    const { rows } = await other.owner.query('SELECT name, status FROM tenants WHERE tenant_id = $1', [
      tenantId,
    ]);
    expect(rows).toEqual([{ name: 'Harbour Demo Network (unfinished)', status: 'suspended' }]);
  });

  test('says so where another tenant ends what all share', async () => {
    const { tenantId } = await createTestTenant(other, 'Forgetful', 0);
    await other.owner.query('CREATE TABLE episode_events_hourly ()'); // as the engine timescale has it
    await other.owner.query(`INSERT INTO raw_horizons (tenant_id, raw_from) VALUES ($1, now())`, [tenantId]);
    const made = createDemo({
      settings: testSettings(other),
      plan: newDemoPlan(),
      onProgress: () => undefined,
    });
    await expect(made).rejects.toMatchObject({
      code: 'before_raw_horizon',
      message: expect.stringContaining('because all tenants of this database share aggregates'),
    });
  });
});
