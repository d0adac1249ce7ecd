import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createLogger } from '@lib/observability';
import { DAY_MS, MINUTE_MS, SLICE_MS, toTenantId } from '@lib/primitives';
import {
  connectTestDatabase,
  createTestDatabase,
  createTestRuleSet,
  createTestTenant,
  SeededRandom,
  type TestConnections,
  type TestDatabase,
  type TestTenant,
} from '@lib/testing';
import { RecentTenants } from '../recent-tenants.js';
import { ReconcileAggregates } from '../reconcile-aggregates.js';
import { RefreshAggregates } from '../refresh-aggregates.js';
import { RefreshReleaseCurves } from './refresh-release-curves.js';

const START = Date.parse('2026-03-02T00:00:00Z');
const DAYS = 8;
const EVIDENCE = ['origin_bytes', 'prefix_only'] as const;

let database: TestDatabase;
let connections: TestConnections;
let rollups: RefreshAggregates;
let curves: RefreshReleaseCurves;
let reconcile: ReconcileAggregates;
let tenant: TestTenant;
let ruleSets: string[];
/** What the database holds, for counting by hand. */
let world: World;

interface Download {
  id: string;
  at: number;
  episodeId: string;
  evidence: (typeof EVIDENCE)[number];
  ruleSetId: string;
}
interface World {
  downloads: Map<string, Download>;
  published: Map<string, number | null>;
  shown: Map<string, string>;
}

beforeAll(async () => {
  database = await createTestDatabase();
  await database.owner.query(`SELECT ensure_partitions('2026-02-23', '2026-04-06')`);
  connections = connectTestDatabase(database);
  const logger = createLogger('silent');
  rollups = new RefreshAggregates(connections.db, connections.app, logger, new RecentTenants());
  curves = new RefreshReleaseCurves(connections.db, connections.app, logger);
  reconcile = new ReconcileAggregates(connections.db, new RecentTenants(), logger);
});
afterAll(async () => {
  await connections.close();
  await database.drop();
});
beforeEach(async () => {
  tenant = await createTestTenant(database, 'Tenant', 6);
  ruleSets = [
    await createTestRuleSet(database, tenant.tenantId, '1.0.0'),
    await createTestRuleSet(database, tenant.tenantId, '2.0.0'),
  ];
  world = { downloads: new Map(), published: new Map(), shown: new Map() };
  for (const id of tenant.episodeIds) world.published.set(id, null);
});

const change = (text: string, ...params: unknown[]) =>
  database.owner.query<Record<string, unknown>>(text, [tenant.tenantId, ...params]);
const dayOf = (at: number) => new Date(at).toISOString().slice(0, 10);

async function mark(kind: string, buckets: readonly number[]): Promise<void> {
  await change(
    'INSERT INTO dirty_buckets (tenant_id, kind, bucket) SELECT $1, $2, unnest($3::timestamptz[])',
    kind,
    buckets.map((at) => new Date(at)),
  );
}

const quarterOf = (at: number) => at - (at % (15 * MINUTE_MS));
const sliceOf = (at: number) => at - (at % SLICE_MS);

async function show(day: string, ruleSetId: string, changed = true): Promise<void> {
  world.shown.set(day, ruleSetId);
  await change(
    `INSERT INTO counted_days (tenant_id, day, rule_set_id, files_as_of) VALUES ($1, $2, $3, now())
     ON CONFLICT (tenant_id, day) DO UPDATE SET rule_set_id = $3`,
    day,
    ruleSetId,
  );
  if (!changed) return;
  const begin = Date.parse(`${day}T00:00:00Z`);
  await mark(
    'slice',
    Array.from({ length: DAY_MS / SLICE_MS }, (_, n) => begin + n * SLICE_MS),
  );
}

async function download(some: readonly Omit<Download, 'id'>[]): Promise<void> {
  const rows = some.map((each) => ({ ...each, id: randomUUID() }));
  for (const row of rows) world.downloads.set(row.id, row);
  await change(
    `INSERT INTO downloads (tenant_id, rule_set_id, settled_day, address_day_id, download_id, occurred_at, settled_at,
                            podcast_id, episode_id, listener_id, evidence, app, device, country)
     SELECT $1, rules, (at AT TIME ZONE 'UTC')::date, 1, id, at, at, $2, episode, 1, evidence, 'unknown', 'unknown', ''
     FROM unnest($3::uuid[], $4::timestamptz[], $5::uuid[], $6::uuid[], $7::text[]) AS d (id, at, episode, rules, evidence)`,
    tenant.podcastId,
    rows.map(({ id }) => id),
    rows.map(({ at }) => new Date(at)),
    rows.map(({ episodeId }) => episodeId),
    rows.map(({ ruleSetId }) => ruleSetId),
    rows.map(({ evidence }) => evidence),
  );
  await mark('slice', [...new Set(rows.map(({ at }) => sliceOf(at)))]);
}

async function publish(episodeId: string, at: number | null, announced = true): Promise<void> {
  world.published.set(episodeId, at);
  await change(
    'UPDATE episodes SET published_at = $3 WHERE tenant_id = $1 AND id = $2',
    episodeId,
    at === null ? null : new Date(at),
  );
  if (announced) await mark('publication', [0]);
}

async function refreshAll(): Promise<number> {
  for (let report = await rollups.run(); report.days > 0; report = await rollups.run())
    expect(report.failed).toBe(0);
  let rows = 0;
  for (;;) {
    const report = await curves.run();
    expect(report).toMatchObject({ failed: 0, busy: 0 });
    rows += report.rows;
    if (report.days === 0) return rows;
  }
}

/** The table, one download at a time. */
function countByHand(): Map<string, number> {
  const cells = new Map<string, number>();
  for (const { at, episodeId, evidence, ruleSetId } of world.downloads.values()) {
    const published = world.published.get(episodeId) ?? null;
    if (published === null || world.shown.get(dayOf(at)) !== ruleSetId) continue;
    const age = Math.floor((at - quarterOf(published)) / DAY_MS);
    if (age < 0 || age > 365) continue;
    const key = `${episodeId} ${age} ${evidence} ${ruleSetId}`;
    cells.set(key, (cells.get(key) ?? 0) + 1);
  }
  return new Map([...cells].sort());
}

async function stored(): Promise<Map<string, number>> {
  const { rows } = await change(
    `SELECT concat_ws(' ', episode_id, age_day, evidence, rule_set_id) AS key, downloads::integer AS n, podcast_id
     FROM release_curves WHERE tenant_id = $1`,
  );
  for (const row of rows) expect(row.podcast_id).toBe(tenant.podcastId);
  await expectTotals();
  return new Map(rows.map(({ key, n }) => [key as string, n as number] as const).sort());
}

/** Totals are the sums of cells, or nothing where no cell is left. */
async function expectTotals(): Promise<void> {
  const sums = [1, 7, 30, 60, 90, 366].map(
    (days) => `coalesce(sum(downloads) FILTER (WHERE age_day < ${days}), 0)::bigint`,
  );
  const { rows } = await change(
    `WITH sums AS (SELECT episode_id, ${sums.join(', ')}, evidence FROM release_curves WHERE tenant_id = $1 GROUP BY episode_id, evidence),
          totals AS (SELECT episode_id, days_1, days_7, days_30, days_60, days_90, days_366, evidence FROM release_totals
                     WHERE tenant_id = $1 AND days_366 + days_1 + days_7 + days_30 + days_60 + days_90 <> 0)
     (TABLE sums EXCEPT TABLE totals) UNION ALL (TABLE totals EXCEPT TABLE sums)`,
  );
  expect(rows).toEqual([]);
}

/** Published on the second, on a slice, on the hour, on the day, long ago or much later, or not at all. */
function anyDate(random: SeededRandom): number | null {
  const within = START + random.integer(0, DAYS * DAY_MS - 1);
  const dates = [null, within, quarterOf(within), within - (within % (60 * MINUTE_MS)), START + 3 * DAY_MS];
  return [...dates, START - 364 * DAY_MS + 7_000, START - 700 * DAY_MS][random.integer(0, 6)] ?? null;
}

test.each([1, 2, 3])('curves are what downloads say, whatever came in which order (%i)', async (seed) => {
  const random = new SeededRandom(seed, 'curves');
  const anyEpisode = () => random.pick(tenant.episodeIds);
  const anyDay = () => dayOf(START + random.integer(0, DAYS - 1) * DAY_MS);
  for (let day = 0; day < DAYS; day += 1) await show(dayOf(START + day * DAY_MS), ruleSets[0]!, false);
  for (const id of tenant.episodeIds) await publish(id, anyDate(random), false);
  for (let step = 0; step < 14; step += 1) {
    const what = random.integer(0, 5);
    if (what === 0) await publish(anyEpisode(), anyDate(random));
    else if (what === 1) await show(anyDay(), random.pick(ruleSets));
    else if (what === 2) {
      const gone = [...world.downloads.values()].filter(() => random.chance(1 / 3));
      for (const { id } of gone) world.downloads.delete(id);
      await change(
        'DELETE FROM downloads WHERE tenant_id = $1 AND download_id = ANY ($2)',
        gone.map(({ id }) => id),
      );
      await mark('slice', [...new Set(gone.map(({ at }) => sliceOf(at)))]);
    } else
      await download(
        Array.from({ length: 40 }, () => ({
          at: START + random.integer(0, DAYS * DAY_MS - 1),
          episodeId: anyEpisode(),
          evidence: random.pick(EVIDENCE),
          ruleSetId: random.pick(ruleSets),
        })),
      );
    if (random.chance(1 / 3)) await refreshAll();
  }
  await refreshAll();
  expect(world.downloads.size).toBeGreaterThan(50);
  expect(await stored()).toEqual(countByHand());
  const { rows } = await change(
    `SELECT kind FROM dirty_buckets WHERE tenant_id = $1 AND kind IN ('slice', 'release', 'publication')`,
  );
  expect(rows).toEqual([]);
});

test('a curve that is right is not written again', async () => {
  const [episodeId = ''] = tenant.episodeIds;
  await show('2026-03-03', ruleSets[0]!);
  await publish(episodeId, START + 7 * 60 * MINUTE_MS + 3_000);
  const at = Date.parse('2026-03-03T07:00:00Z');
  const one = { episodeId, evidence: 'origin_bytes' as const, ruleSetId: ruleSets[0]! };
  await download([
    { ...one, at: at - 1 },
    { ...one, at },
  ]);
  expect(await refreshAll()).toBe(2);
  expect([...(await stored()).keys()].map((key) => key.split(' ')[1])).toEqual(['0', '1']);
  await mark('release', [Date.parse('2026-03-03T00:00:00Z')]);
  await mark('publication', [0]);
  expect(await refreshAll()).toBe(0);
});

test('a new date of publication moves a curve although nothing is downloaded, and no date ends it', async () => {
  const [episodeId = ''] = tenant.episodeIds;
  const at = Date.parse('2026-03-04T12:00:00Z');
  await show('2026-03-04', ruleSets[0]!);
  await download([{ at, episodeId, evidence: 'prefix_only', ruleSetId: ruleSets[0]! }]);
  await refreshAll();
  expect(await stored()).toEqual(new Map());
  for (const date of [at - 3 * DAY_MS, at - 365 * DAY_MS, at - 366 * DAY_MS, at + SLICE_MS, at, null]) {
    await publish(episodeId, date);
    await refreshAll();
    expect(await stored()).toEqual(countByHand());
  }
});

test('the reconciler finds and repairs what differs in a curve or its totals, and takes no delay for a fault', async () => {
  const [episodeId = '', other = ''] = [...tenant.episodeIds].sort();
  const check = () => reconcile.checkRelease(toTenantId(tenant.tenantId), episodeId);
  expect(await check()).toBeNull();
  const at = Date.parse('2026-03-04T12:00:00Z');
  const one = { at, evidence: 'prefix_only' as const, ruleSetId: ruleSets[0]! };
  await show('2026-03-04', ruleSets[0]!);
  for (const id of [episodeId, other]) await publish(id, at - 10 * DAY_MS);
  await download([one, one, one].map((each) => ({ ...each, episodeId })));
  await refreshAll();
  expect(await check()).toBe(0);
  await change('UPDATE release_totals SET days_30 = 1, days_366 = 7 WHERE tenant_id = $1');
  expect(await check()).toBe(2 + 4);
  await change('DELETE FROM release_totals WHERE tenant_id = $1');
  expect(await check()).toBe(4 * 3);
  await change(`UPDATE release_curves SET downloads = 5 WHERE tenant_id = $1`);
  // Totals follow the cell down, and are wrong by as much: 3 in 4 horizons.
  expect(await check()).toBe(1 + 4 * 2);
  expect(await stored()).toEqual(countByHand());
  expect(await check()).toBe(0);
  // Rollups are ahead for as long as their marks wait.
  await download([{ ...one, episodeId }]);
  await rollups.run();
  expect(await check()).toBe(0);
  expect(await refreshAll()).toBe(0);
  expect(await stored()).toEqual(countByHand());
  const none = '00000000-0000-0000-0000-000000000000';
  await change('UPDATE release_totals SET days_1 = 9 WHERE tenant_id = $1');
  expect(await reconcile.checkRelease(toTenantId(tenant.tenantId), none)).toBe(9);
  await change(`INSERT INTO retention_horizons (tenant_id, days_from) VALUES ($1, '2027-06-01')`);
  expect(await check()).toBeNull();
});

test('more episodes than one step takes are all built', async () => {
  const many = await createTestTenant(database, 'Many', 230);
  const rules = await createTestRuleSet(database, many.tenantId, '1.0.0');
  [tenant, ruleSets] = [many, [rules]];
  await show('2026-03-04', rules);
  await change(`UPDATE episodes SET published_at = '2026-03-04' WHERE tenant_id = $1`);
  const at = Date.parse('2026-03-04T12:00:00Z');
  await download(
    many.episodeIds.map((episodeId) => ({ at, episodeId, evidence: 'prefix_only', ruleSetId: rules })),
  );
  await refreshAll();
  expect((await stored()).size).toBe(230);
  await change(`UPDATE episodes SET published_at = '2026-03-01' WHERE tenant_id = $1`);
  await mark('publication', [0]);
  await refreshAll();
  const ages = new Set([...(await stored()).keys()].map((key) => key.split(' ')[1]));
  expect(ages).toEqual(new Set(['3']));
});

test('a tenant whose curves somebody else builds is left to them', async () => {
  await mark('release', [START]);
  const other = await database.owner.connect();
  await other.query('BEGIN');
  await other.query(`SELECT pg_advisory_xact_lock(hashtextextended($1::text || 'release' || 'any day', 0))`, [
    tenant.tenantId,
  ]);
  const whileHeld = await curves.run();
  await other.query('ROLLBACK');
  other.release();
  expect(whileHeld).toMatchObject({ busy: 1, days: 0 });
  expect(await curves.run()).toMatchObject({ busy: 0, days: 1 });
});

test('a curve of which retention has taken rollups stays as it is, whatever its date becomes', async () => {
  const [old = '', young = ''] = tenant.episodeIds;
  await show('2026-03-03', ruleSets[0]!);
  await show('2026-03-08', ruleSets[0]!);
  const one = { evidence: 'origin_bytes' as const, ruleSetId: ruleSets[0]! };
  await publish(old, START);
  await publish(young, START + 5 * DAY_MS);
  await download([
    { ...one, episodeId: old, at: Date.parse('2026-03-03T12:00:00Z') },
    { ...one, episodeId: old, at: Date.parse('2026-03-08T12:00:00Z') },
    { ...one, episodeId: young, at: Date.parse('2026-03-08T12:00:00Z') },
  ]);
  await refreshAll();
  const ages = async () =>
    [...(await stored()).keys()]
      .map((key) => `${key.startsWith(old) ? 'old' : 'young'} ${key.split(' ')[1]!}`)
      .sort();
  expect(await ages()).toEqual(['old 1', 'old 6', 'young 1']);
  await change(`INSERT INTO retention_horizons (tenant_id, slices_from) VALUES ($1, '2026-03-06')`);
  await change(
    `DELETE FROM listener_metrics WHERE tenant_id = $1 AND grain IN ('slice', 'hour') AND bucket < '2026-03-06'`,
  );
  await publish(old, START + 5 * DAY_MS);
  await publish(young, START + 6 * DAY_MS);
  await refreshAll();
  expect(await ages()).toEqual(['old 1', 'old 6', 'young 0']);
});
