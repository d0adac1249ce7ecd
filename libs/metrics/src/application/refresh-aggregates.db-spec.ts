import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createLogger } from '@lib/observability';
import { DAY_MS, HOUR_MS, SLICE_MS, toTenantId } from '@lib/primitives';
import { EngineInForce } from '@lib/time-series';
import {
  connectTestDatabase,
  createTestDatabase,
  createTestTenant,
  type TestConnections,
  type TestDatabase,
  type TestTenant,
} from '@lib/testing';
import { register } from 'prom-client';
import { EVENT_METRICS } from '../domain/event-metrics.js';
import {
  countByHand,
  expectExactDays,
  play,
  storedRollups,
  storeEvents,
  type RawEvent,
} from './exact-rollups.contract.js';
import { RefreshDimensions } from './query/refresh-dimensions.js';
import { RecentTenants } from './recent-tenants.js';
import { ReconcileAggregates } from './reconcile-aggregates.js';
import { rebuildDay, RefreshAggregates } from './refresh-aggregates.js';
import { RefreshMetricsDaily } from './refresh-metrics-daily.js';

let database: TestDatabase;
let connections: TestConnections;
let refresh: RefreshAggregates;
let refreshDimensions: RefreshDimensions;
let refreshDaily: RefreshMetricsDaily;
let reconcile: ReconcileAggregates;
let tenant: TestTenant;

const START = Date.parse('2026-03-02T00:00:00Z');
const logger = createLogger('silent');

beforeAll(async () => {
  database = await createTestDatabase();
  await database.owner.query(`SELECT ensure_partitions('2026-02-23', '2026-04-06')`);
  connections = connectTestDatabase(database);
  const recent = new RecentTenants();
  refresh = new RefreshAggregates(connections.db, connections.app, logger, recent);
  refreshDimensions = new RefreshDimensions(connections.db, connections.app, logger);
  refreshDaily = new RefreshMetricsDaily(connections.db, connections.app, logger);
  reconcile = new ReconcileAggregates(connections.db, recent, logger);
});
afterAll(async () => {
  await connections.close();
  await database.drop();
});
beforeEach(async () => {
  tenant = await createTestTenant(database, 'Tenant', 5);
});

/** A run ends after some seconds, which a slow machine may need more than once. */
async function refreshAll(): Promise<number> {
  let rows = 0;
  for (;;) {
    const report = await refresh.run();
    expect(report).toMatchObject({ failed: 0, busy: 0 });
    rows += report.rows;
    if (report.days === 0) break;
  }
  while ((await refreshDimensions.run()).days > 0);
  while ((await refreshDaily.run()).days > 0);
  return rows;
}
const store = (events: readonly RawEvent[]) => storeEvents(database.owner, tenant.tenantId, events);
const stored = () => storedRollups(database, tenant.tenantId);
const marks = async (kind: string): Promise<number> => {
  const { rows } = await database.owner.query<{ count: number }>(
    'SELECT count(*)::integer AS count FROM dirty_buckets WHERE tenant_id = $1 AND kind = $2',
    [tenant.tenantId, kind],
  );
  return rows[0]!.count;
};
const change = (text: string, ...params: unknown[]) =>
  database.owner.query<Record<string, unknown>>(text, [tenant.tenantId, ...params]);
/** Versions of the rows: a rewritten row has another one, also when it says the same. */
const versions = async (table: string) =>
  (await change(`SELECT xmin::text, ctid::text FROM ${table} WHERE tenant_id = $1 ORDER BY 1, 2`)).rows;

function randomEvent(index: number): RawEvent {
  const pick = (count: number) => Math.floor(Math.random() * count);
  return {
    eventId: randomUUID(),
    occurredAt: new Date(START + pick((8 * DAY_MS) / 1000) * 1000),
    episodeId: tenant.episodeIds[pick(5)]!,
    type: EVENT_METRICS[index % 3 === 0 ? 0 : pick(9)]!,
    trusted: pick(2) === 0,
    bytes: pick(2) === 0 ? null : pick(1_000_000),
  };
}

describe('rollups', () => {
  test('equal a count by hand after eight days of disordered, late and repeated events', async () => {
    const events = Array.from({ length: 1_500 }, (_, index) => randomEvent(index));
    for (let first = 0; first < events.length; first += 250) {
      const repeats = events.slice(0, first).filter((_, index) => index % 7 === 0);
      await store([...events.slice(first, first + 250), ...repeats]);
      // So that most batches fall into buckets that were already rolled up.
      if (first % 750 === 0) await refresh.run();
    }
    await refreshAll();
    expect(await stored()).toEqual(countByHand(events, tenant.podcastId));
    await expectExactDays(database, tenant.tenantId);
    expect([await marks('slice'), await marks('metrics_daily')]).toEqual([0, 0]);
  });

  test('are what the hourly and daily views show, whoever computes those', async () => {
    const engine = await new EngineInForce(connections.settings, connections.maintenance).get();
    const everything = Array.from({ length: 400 }, (_, index) => randomEvent(index));
    for (const events of [everything.slice(0, 300), everything.slice(200)]) {
      await store(events);
      await refreshAll();
      await engine.refresh();
    }
    for (const [view, grain] of [
      ['listener_events_hourly', 'hour'],
      ['listener_events_daily', 'day'],
    ] as const) {
      const columns = 'bucket, podcast_id, episode_id, evidence';
      const shown = await connections.db.run(tenant.tenantId, () =>
        connections.db.current.sql(
          `SELECT ${columns}, event_type, events FROM ${view} WHERE tenant_id = $1 ORDER BY 1, 3, 4, 5`,
          [tenant.tenantId],
        ),
      );
      const rolledUp = await change(
        `SELECT ${columns}, metric AS event_type, value AS events FROM listener_metrics
         WHERE tenant_id = $1 AND grain = $2 AND dimension = 'none' ORDER BY 1, 3, 4, 5`,
        grain,
      );
      expect(shown).toEqual(rolledUp.rows);
      expect(shown.length).toBeGreaterThan(100);
    }
  });

  test('refreshed again are not written again', async () => {
    await store(Array.from({ length: 200 }, (_, index) => randomEvent(index)));
    await refreshAll();
    const before = [await versions('listener_metrics'), await versions('metrics_daily')];
    await change(
      `INSERT INTO dirty_buckets (tenant_id, kind, bucket) SELECT $1, 'slice', s
       FROM generate_series($2::timestamptz, $3::timestamptz, interval '5 minutes') s`,
      new Date(START),
      new Date(START + 8 * DAY_MS),
    );
    expect(await refreshAll()).toBe(0);
    expect([await versions('listener_metrics'), await versions('metrics_daily')]).toEqual(before);
  });

  test('lose what raw events lost, such as by an erasure', async () => {
    const [kept, erased] = [
      play(tenant.episodeIds[0]!, '2026-03-03T10:01:00Z'),
      play(tenant.episodeIds[1]!, '2026-03-03T10:02:00Z'),
    ];
    await store([kept, erased]);
    await refresh.run();
    await change('DELETE FROM listener_events WHERE tenant_id = $1 AND event_id = $2', erased.eventId);
    await change(
      `INSERT INTO dirty_buckets (tenant_id, kind, bucket) VALUES ($1, 'slice', '2026-03-03T10:00Z')`,
    );
    await refresh.run();
    expect(await stored()).toEqual(countByHand([kept], tenant.podcastId));
  });

  test('before the raw horizon stay as they are, and their marks go', async () => {
    const frozen = play(tenant.episodeIds[0]!, '2026-03-03T23:59:00Z');
    const live = play(tenant.episodeIds[0]!, '2026-03-04T00:00:00Z');
    await store([frozen, live]);
    await refresh.run();
    await change(`INSERT INTO raw_horizons (tenant_id, raw_from) VALUES ($1, '2026-03-04T00:00Z')`);
    await change('DELETE FROM listener_events WHERE tenant_id = $1');
    await change(`INSERT INTO dirty_buckets (tenant_id, kind, bucket)
                  VALUES ($1, 'slice', '2026-03-03T23:55Z'), ($1, 'slice', '2026-03-04T00:00Z')`);
    await refresh.run();
    expect(await stored()).toEqual(countByHand([frozen], tenant.podcastId));
    expect(await marks('slice')).toBe(0);
  });

  test('are not emptied by a horizon that moves while they are refreshed', async () => {
    const frozen = play(tenant.episodeIds[0]!, '2026-03-03T23:59:00Z');
    await store([frozen]);
    await refresh.run();
    await change(`INSERT INTO raw_horizons (tenant_id, raw_from) VALUES ($1, '2026-03-04T00:00Z')`);
    await change('DELETE FROM listener_events WHERE tenant_id = $1');
    // As by a refresher that has read the old horizon.
    const tenantId = toTenantId(tenant.tenantId);
    const day = new Date('2026-03-03T00:00Z');
    await connections.db.run(tenantId, () =>
      rebuildDay(connections.db.current.sql, tenantId, day, [new Date('2026-03-03T23:55Z')], SLICE_MS),
    );
    expect(await stored()).toEqual(countByHand([frozen], tenant.podcastId));
  });

  test('of one tenant hold nothing of another', async () => {
    const other = await createTestTenant(database, 'Other', 1);
    const [mine, theirs] = [
      play(tenant.episodeIds[0]!, '2026-03-03T10:01:00Z'),
      play(other.episodeIds[0]!, '2026-03-03T10:01:00Z'),
    ];
    await store([mine]);
    await storeEvents(database.owner, other.tenantId, [theirs]);
    await refresh.run();
    expect(await stored()).toEqual(countByHand([mine], tenant.podcastId));
    expect(await storedRollups(database, other.tenantId)).toEqual(countByHand([theirs], other.podcastId));
  });
});

describe('marks', () => {
  test('that pass to metrics_daily are as old as the event they began with', async () => {
    await store([play(tenant.episodeIds[0]!, '2026-03-03T10:01:00Z')]);
    await change(`UPDATE dirty_buckets SET marked_at = '2026-03-03T10:01:02.000003Z' WHERE tenant_id = $1`);
    await refresh.run();
    const { rows } = await change(
      `SELECT bucket, marked_at = '2026-03-03T10:01:02.000003Z' AS same FROM dirty_buckets
       WHERE tenant_id = $1 AND kind = 'metrics_daily'`,
    );
    expect(rows).toEqual([{ bucket: new Date('2026-03-03T00:00Z'), same: true }]);
  });

  test('of a day that fails stay, and other days are refreshed all the same', async () => {
    await store([
      play(tenant.episodeIds[0]!, '2026-03-03T10:01:00Z'),
      play(tenant.episodeIds[0]!, '2026-03-04T10:01:00Z'),
    ]);
    await database.owner
      .query(`ALTER TABLE listener_metrics ADD CONSTRAINT broken CHECK (bucket <> '2026-03-03T10:00Z' OR grain <> 'hour')
              NOT VALID`);
    const first = await refresh.run();
    await database.owner.query('ALTER TABLE listener_metrics DROP CONSTRAINT broken');
    expect(first).toMatchObject({ days: 1, failed: 1 });
    expect(await marks('slice')).toBe(1);
    expect([...(await stored()).keys()].every((key) => /2026-03-04|^month/.test(key))).toBe(true);
    // Set aside for a while: a new process has no such memory.
    expect(await refresh.run()).toMatchObject({ days: 0 });
    await new RefreshAggregates(connections.db, connections.app, logger, new RecentTenants()).run();
    expect(await marks('slice')).toBe(0);
  });

  test('that wait show in the metrics with their age', async () => {
    const sample = async (name: string, labels: object) =>
      (await register.getSingleMetric(name)!.get()).values.find(
        (value) => JSON.stringify(value.labels) === JSON.stringify(labels),
      )?.value;
    await refreshAll();
    expect(await sample('aggregate_freshness_seconds', {})).toBe(0);
    await store([play(tenant.episodeIds[0]!, '2026-03-03T10:01:00Z')]);
    await change(`UPDATE dirty_buckets SET marked_at = now() - interval '90 seconds' WHERE tenant_id = $1`);
    expect(await sample('aggregate_freshness_seconds', {})).toBeCloseTo(90, -1);
    expect(await sample('dirty_marks_oldest_seconds', { kind: 'slice' })).toBeCloseTo(90, -1);
    expect(await sample('dirty_marks_oldest_seconds', { kind: 'metrics_daily' })).toBe(0);
    await refresh.run();
    expect(await sample('dirty_marks_oldest_seconds', { kind: 'metrics_daily' })).toBeCloseTo(90, -1);
    expect(await sample('dirty_marks_oldest_seconds', { kind: 'dimension' })).toBeCloseTo(90, -1);
    await refreshDaily.run();
    await refreshDimensions.run();
    expect(await sample('aggregate_freshness_seconds', {})).toBe(0);
  });
});

describe('the reconciler', () => {
  const HOUR = new Date('2026-03-03T10:00:00Z');
  const check = () => reconcile.check(toTenantId(tenant.tenantId), HOUR);
  const drift = async () =>
    (await register.getSingleMetric('aggregate_drift_events')!.get()).values[0]!.value;
  let events: RawEvent[];

  beforeEach(async () => {
    events = Array.from({ length: 24 }, (_, index) =>
      play(tenant.episodeIds[index % 5]!, new Date(HOUR.getTime() - 2 * HOUR_MS + index * 2 * SLICE_MS)),
    );
    await store(events);
    await refresh.run();
  });

  test('finds nothing in rollups that are right', async () => {
    const before = await drift();
    expect(await check()).toBe(0);
    expect(await drift()).toBe(before);
    expect((await reconcile.run()).drift).toBe(0);
  });

  test.each([
    [
      'a count that is wrong',
      `UPDATE listener_metrics SET value = value + 2 WHERE tenant_id = $1 AND grain = 'slice'
                               AND bucket = '2026-03-03T10:00Z'`,
    ],
    [
      'a row that is missing',
      `DELETE FROM listener_metrics WHERE tenant_id = $1 AND grain = 'slice'
                               AND bucket = '2026-03-03T10:10Z'`,
    ],
    [
      'a row that is too many',
      `INSERT INTO listener_metrics (tenant_id, bucket, podcast_id, episode_id, value, grain, metric, evidence)
       SELECT tenant_id, bucket + interval '5 minutes', podcast_id, episode_id, value, grain, metric, evidence
       FROM listener_metrics WHERE tenant_id = $1 AND grain = 'slice' AND bucket = '2026-03-03T10:00Z'`,
    ],
    [
      'an hour that is not the sum of its slices',
      `UPDATE listener_metrics SET value = value + 1 WHERE tenant_id = $1
                                                   AND grain = 'hour' AND bucket = '2026-03-03T10:00Z'`,
    ],
    [
      'a day that is not the sum of its hours',
      `DELETE FROM listener_metrics WHERE tenant_id = $1 AND grain = 'day'`,
    ],
    [
      'a month that is not the sum of its days',
      `UPDATE listener_metrics SET value = value - 1 WHERE tenant_id = $1 AND grain = 'month'`,
    ],
    [
      'a total of a month that is missing',
      `DELETE FROM listener_totals WHERE tenant_id = $1 AND grain = 'month'`,
    ],
    [
      'a total that is not the sum of its episodes',
      `UPDATE listener_totals SET value = value + 1 WHERE tenant_id = $1
                                                  AND grain = 'slice' AND bucket = '2026-03-03T10:00Z'`,
    ],
    [
      'totals that are missing',
      `DELETE FROM listener_totals WHERE tenant_id = $1 AND grain <> 'slice'
       AND bucket IN ('2026-03-03T00:00Z', '2026-03-03T10:00Z')`,
    ],
    [
      'totals that are too many',
      `INSERT INTO listener_totals (tenant_id, bucket, podcast_id, value, grain, metric, evidence)
       SELECT tenant_id, bucket, gen_random_uuid(), value, grain, metric, evidence
       FROM listener_totals WHERE tenant_id = $1 AND grain = 'hour' AND bucket = '2026-03-03T10:00Z'`,
    ],
  ])('finds and repairs %s', async (_, damage) => {
    const before = await drift();
    await change(damage);
    const found = await check();
    expect(found).toBeGreaterThan(0);
    expect(await drift()).toBe(before + found!);
    expect(await stored()).toEqual(countByHand(events, tenant.podcastId));
    expect(await check()).toBe(0);
  });

  test('leaves an hour alone that still has marks', async () => {
    await storeEvents(database.owner, tenant.tenantId, [play(tenant.episodeIds[0]!, '2026-03-03T10:02:00Z')]);
    expect(await check()).toBe(0);
    expect(await stored()).toEqual(countByHand(events, tenant.podcastId));
  });

  test('leaves frozen hours alone', async () => {
    await change(`INSERT INTO raw_horizons (tenant_id, raw_from) VALUES ($1, '2026-03-09T00:00Z')`);
    await change('DELETE FROM listener_events WHERE tenant_id = $1');
    expect(await check()).toBe(0);
    expect(await stored()).toEqual(countByHand(events, tenant.podcastId));
  });
});
