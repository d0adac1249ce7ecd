import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createLogger } from '@lib/observability';
import { DAY_MS, floorTime, HOUR_MS, SLICE_MS, toTenantId } from '@lib/primitives';
import {
  connectTestDatabase,
  createTestDatabase,
  createTestRuleSet,
  createTestTenant,
  type TestConnections,
  type TestDatabase,
  type TestTenant,
} from '@lib/testing';
import { rebuildDimensions } from '../../infrastructure/query/rebuild-dimensions.sql.js';
import { RecentTenants } from '../recent-tenants.js';
import { ReconcileAggregates } from '../reconcile-aggregates.js';
import { RefreshAggregates } from '../refresh-aggregates.js';
import { RefreshDimensions } from './refresh-dimensions.js';

let database: TestDatabase;
let connections: TestConnections;
let refresh: RefreshAggregates;
let refreshDimensions: RefreshDimensions;
let reconcile: ReconcileAggregates;
let tenant: TestTenant;

const logger = createLogger('silent');
const START = Date.parse('2026-03-30T00:00:00Z');

beforeAll(async () => {
  database = await createTestDatabase();
  await database.owner.query(`SELECT ensure_partitions('2026-03-23', '2026-04-13')`);
  connections = connectTestDatabase(database);
  const recent = new RecentTenants();
  refresh = new RefreshAggregates(connections.db, connections.app, logger, recent);
  refreshDimensions = new RefreshDimensions(connections.db, connections.app, logger);
  reconcile = new ReconcileAggregates(connections.db, recent, logger);
});
afterAll(async () => {
  await connections.close();
  await database.drop();
});
beforeEach(async () => {
  tenant = await createTestTenant(database, 'Tenant', 3);
  await change(`WITH agents AS (INSERT INTO user_agents (tenant_id, id, value, app, device)
                                VALUES ($1, 1, 'a', 'AntennaPod', 'mobile'), ($1, 2, 'b', 'unknown', 'pc'))
                INSERT INTO networks (tenant_id, id, class, country) VALUES ($1, 1, 'household', 'DE'), ($1, 2, 'vpn', '')`);
});

const change = (text: string, ...params: unknown[]) =>
  database.owner.query<Record<string, unknown>>(text, [tenant.tenantId, ...params]);

interface Seen {
  at: Date;
  episode: number;
  type: string;
  agent: number | null;
  network: number | null;
}

function seen(at: number, n: number): Seen {
  const pick = (list: readonly (number | null)[]) => list[Math.floor(Math.random() * list.length)]!;
  const type = ['play', 'download_request', 'complete'][n % 3]!;
  return { at: new Date(at), episode: n % 3, type, agent: pick([1, 2, null]), network: pick([1, 2, null]) };
}

async function store(events: readonly Seen[]): Promise<void> {
  await change(
    `WITH stored AS (
       INSERT INTO listener_events (tenant_id, occurred_at, event_id, episode_id, received_at, payload_hash,
                                    payload_hash_version, trusted_sender, event_type, user_agent_id, network_id)
       SELECT $1, at, gen_random_uuid(), episode, now(), 0, 1, false, type, agent, network
       FROM unnest($2::timestamptz[], $3::uuid[], $4::text[], $5::bigint[], $6::bigint[]) AS e (at, episode, type, agent, network)
       RETURNING occurred_at
     )
     INSERT INTO dirty_buckets (tenant_id, kind, bucket)
     SELECT DISTINCT $1::uuid, 'slice', date_bin('5 minutes', occurred_at, 'epoch') FROM stored`,
    events.map(({ at }) => at),
    events.map(({ episode }) => tenant.episodeIds[episode]),
    events.map(({ type }) => type),
    events.map(({ agent }) => agent),
    events.map(({ network }) => network),
  );
}

async function refreshAll(): Promise<number> {
  let rows = 0;
  while ((await refresh.run()).days > 0);
  for (let more = true; more;) {
    const report = await refreshDimensions.run();
    expect(report).toMatchObject({ failed: 0, busy: 0 });
    rows += report.rows;
    more = report.days > 0;
  }
  return rows;
}

const NETWORK = '00000000-0000-0000-0000-000000000000';

/** Rollup rows by dimension, counted one event after another. */
function countByHand(events: readonly Seen[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { at, episode, type, agent, network } of events) {
    const evidence = type === 'download_request' ? 'prefix_only' : 'client_confirmed';
    const names = [
      `app ${agent === 1 ? 'AntennaPod' : 'unknown'}`,
      `device ${agent === null ? 'unknown' : ['mobile', 'pc'][agent - 1]}`,
      `country ${network === 1 ? 'DE' : 'unknown'}`,
    ];
    const buckets = {
      hour: floorTime(at, HOUR_MS),
      day: floorTime(at, DAY_MS),
      month: new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth())),
    };
    for (const [grain, bucket] of Object.entries(buckets))
      for (const scope of [tenant.episodeIds[episode], tenant.podcastId, NETWORK])
        for (const name of names) {
          const key = [grain, bucket.toISOString(), scope, type, evidence, name].join(' ');
          counts.set(key, (counts.get(key) ?? 0) + 1);
        }
  }
  return counts;
}

async function stored(): Promise<Map<string, number>> {
  const { rows } = await change(
    `SELECT concat_ws(' ', grain, to_char(bucket AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), scope, metric, evidence,
                      dimension, dimension_value) AS key, value::integer AS value
     FROM (SELECT *, CASE WHEN episode_id = '${NETWORK}' THEN podcast_id ELSE episode_id END AS scope
           FROM listener_dimensions) rows
     WHERE tenant_id = $1`,
  );
  return new Map(rows.map(({ key, value }) => [key as string, value as number]));
}

/** Over two months, hours often hit more than once. */
const someEvents = (count: number) =>
  Array.from({ length: count }, (_, n) =>
    seen(START + Math.floor(Math.random() * 3 * 24 * 12) * SLICE_MS, n),
  );

describe('rollups by app, device and country', () => {
  test('equal a count by hand after late events, and are not written when they are right', async () => {
    const events = someEvents(240);
    await store(events.slice(0, 160));
    await refreshAll();
    await store(events.slice(160));
    await refreshAll();
    expect(await stored()).toEqual(countByHand(events));
    await change(
      `INSERT INTO dirty_buckets (tenant_id, kind, bucket) SELECT $1, 'slice', bucket FROM listener_metrics
       WHERE tenant_id = $1 AND grain = 'slice'`,
    );
    expect(await refreshAll()).toBe(0);
  });

  test('of hours that run equal a count by hand, also when their slices are no longer kept', async () => {
    const running = floorTime(new Date(), HOUR_MS).getTime();
    const slicesOf = (hours: number) =>
      Array.from({ length: 60 }, (_, n) => seen(running - HOUR_MS + ((n * 7) % (hours * 12)) * SLICE_MS, n));
    const events = [...slicesOf(2), ...slicesOf(1), seen(running - 30 * HOUR_MS, 0)];
    for (let first = 0; first < events.length; first += 40) {
      await store(events.slice(first, first + 40));
      await refreshAll();
    }
    expect(await stored()).toEqual(countByHand(events));
    const slices = () => change(`SELECT FROM dimension_counts WHERE tenant_id = $1 AND grain = 'slice'`);
    expect((await slices()).rows.length).toBeGreaterThan(0);
    await change(`DELETE FROM dimension_counts WHERE tenant_id = $1 AND grain = 'slice'`);
    const late = slicesOf(2);
    await store(late);
    await refreshAll();
    expect(await stored()).toEqual(countByHand([...events, ...late]));
    expect((await slices()).rows).toEqual([]);
  });

  test('follow an erasure that leaves totals as they are', async () => {
    const events = someEvents(30);
    await store(events);
    await refreshAll();
    await change(`UPDATE listener_events SET user_agent_id = NULL, network_id = NULL WHERE tenant_id = $1`);
    await change(
      `INSERT INTO dirty_buckets (tenant_id, kind, bucket) SELECT DISTINCT $1::uuid, 'slice', bucket FROM listener_metrics
       WHERE tenant_id = $1 AND grain = 'slice'`,
    );
    await refreshAll();
    expect(await stored()).toEqual(
      countByHand(events.map((one) => ({ ...one, agent: null, network: null }))),
    );
  });

  test('wait while agents of the tenant are not named', async () => {
    const events = someEvents(5);
    await store(events);
    await change(`UPDATE user_agents SET app = NULL, device = NULL WHERE tenant_id = $1`);
    await change(
      `INSERT INTO dirty_buckets (tenant_id, kind, bucket) VALUES ($1, 'agents', '2026-05-01T00:00Z')`,
    );
    await refresh.run();
    expect(await refreshDimensions.run()).toMatchObject({ days: 0, failed: 0 });
    expect(await stored()).toEqual(new Map());
    await change(`UPDATE user_agents SET app = CASE id WHEN 1 THEN 'AntennaPod' ELSE 'unknown' END,
                                         device = CASE id WHEN 1 THEN 'mobile' ELSE 'pc' END WHERE tenant_id = $1`);
    await change(`DELETE FROM dirty_buckets WHERE tenant_id = $1 AND kind = 'agents'`);
    await refreshAll();
    expect(await stored()).toEqual(countByHand(events));
  });

  test('before the raw horizon stay as they are', async () => {
    const frozen = [seen(START, 0)];
    await store([...frozen, seen(START + DAY_MS, 1)]);
    await refreshAll();
    await change(`INSERT INTO raw_horizons (tenant_id, raw_from) VALUES ($1, '2026-03-31T00:00Z')`);
    await change('DELETE FROM listener_events WHERE tenant_id = $1');
    await change(`INSERT INTO dirty_buckets (tenant_id, kind, bucket)
                  VALUES ($1, 'dimension', '2026-03-30T00:00Z'), ($1, 'dimension', '2026-03-31T00:00Z')`);
    await refreshAll();
    expect(await stored()).toEqual(countByHand(frozen));
    // As by a refresher that has read the old horizon.
    const tenantId = toTenantId(tenant.tenantId);
    await connections.db.run(tenantId, () =>
      rebuildDimensions(connections.db.current.sql, tenantId, {
        grain: 'hour',
        buckets: [new Date(START)],
      }),
    );
    expect(await stored()).toEqual(countByHand(frozen));
  });

  test('hold downloads under the rule set that is shown, and those of nobody else', async () => {
    const other = await createTestTenant(database, 'Other', 1);
    const rules = await createTestRuleSet(database, tenant.tenantId, '1');
    await change(
      `WITH shown AS (INSERT INTO counted_days (tenant_id, day, rule_set_id, files_as_of) VALUES ($1, '2026-03-30', $2, now())),
       marks AS (INSERT INTO dirty_buckets (tenant_id, kind, bucket) VALUES ($1, 'slice', $3))
       INSERT INTO downloads (tenant_id, rule_set_id, settled_day, address_day_id, download_id, occurred_at, settled_at,
                              podcast_id, episode_id, listener_id, evidence, app, device, country)
       SELECT tenant, rules, '2026-03-30', 1, gen_random_uuid(), $3, $3, $4, $5, 1, 'prefix_only', 'AntennaPod', 'mobile', ''
       FROM unnest(ARRAY[$1, $1, $6]::uuid[], ARRAY[$2, $7, $2]::uuid[]) AS d (tenant, rules)`,
      rules,
      new Date(START),
      tenant.podcastId,
      tenant.episodeIds[0],
      other.tenantId,
      randomUUID(),
    );
    await refreshAll();
    const rows = [...(await stored())].filter(([key]) => /^day .* downloads/.test(key));
    expect(rows.map(([key, value]) => [key.split(' ').slice(4).join(' '), value])).toEqual(
      expect.arrayContaining([
        ['prefix_only app AntennaPod', 1],
        ['prefix_only device mobile', 1],
        ['prefix_only country unknown', 1],
      ]),
    );
    expect(rows.length).toBe(9);
  });
});

describe('the reconciler', () => {
  const HOUR = new Date(START + 5 * HOUR_MS);
  const certain = (n: number): Seen => ({ ...seen(HOUR.getTime() + n * SLICE_MS, n), network: 1 });
  const check = () => reconcile.check(toTenantId(tenant.tenantId), HOUR);

  test.each([
    [
      'a count',
      `UPDATE dimension_counts SET counts[1] = counts[1] + 1 WHERE tenant_id = $1 AND dimension = 'app' AND grain = 'hour'`,
    ],
    [
      'a missing row',
      `DELETE FROM dimension_counts WHERE tenant_id = $1 AND dimension = 'country' AND grain = 'hour' AND episode_id <> '${NETWORK}'`,
    ],
    [
      'a day',
      `UPDATE dimension_counts SET counts[1] = counts[1] + 3 WHERE tenant_id = $1 AND dimension = 'device' AND grain = 'day'`,
    ],
    [
      'a month',
      `DELETE FROM dimension_counts WHERE tenant_id = $1 AND dimension = 'app' AND grain = 'month'`,
    ],
    [
      'a total',
      `UPDATE dimension_counts SET counts[1] = 7 WHERE tenant_id = $1 AND dimension = 'app' AND grain = 'hour' AND episode_id = '${NETWORK}'`,
    ],
    [
      'what fits in every grain, and is not what happened',
      `UPDATE dimension_counts SET names = array_replace(names, 'DE', 'Nobody') WHERE tenant_id = $1`,
    ],
  ])('finds and repairs %s', async (_, damage) => {
    const events = Array.from({ length: 12 }, (__, n) => certain(n));
    await store(events);
    await refreshAll();
    expect(await check()).toBe(0);
    await change(damage);
    expect(await check()).toBeGreaterThan(0);
    expect(await stored()).toEqual(countByHand(events));
    expect(await check()).toBe(0);
  });

  test('leaves an hour alone whose marks wait', async () => {
    await store([seen(HOUR.getTime(), 0)]);
    await refresh.run();
    expect(await check()).toBe(0);
    expect(await stored()).toEqual(new Map());
  });
});
