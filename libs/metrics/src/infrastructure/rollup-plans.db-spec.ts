import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Sql } from '@lib/database';
import { LocalZone, type TenantId, toTenantId } from '@lib/primitives';
import {
  connectTestDatabase,
  createTestDatabase,
  createTestTenant,
  type TestConnections,
  type TestDatabase,
  type TestTenant,
} from '@lib/testing';
import { metricLevels } from '../domain/event-metrics.js';
import { dimensionsOf, type QueryShape } from '../domain/query/metrics-query.js';
import { coverWithGrains } from '../domain/cover-with-grains.js';
import { localBuckets, type Interval } from '../domain/local-buckets.js';
import { answerFrame } from './answer-frame.sql.js';
import { ALL_KEPT } from '../domain/retention/kept-rollups.js';
import { episodeRanking } from './episode-ranking.sql.js';
import { eventSeries } from './event-series.sql.js';
import { takeMarks } from '@lib/time-series';
import { episodePositions } from './listening/episode-positions.sql.js';
import { downloadApps } from './anomalies/download-sources.sql.js';
import { rebuildAudience } from './audience/rebuild-audience.sql.js';
import { rebuildListening } from './listening/rebuild-listening.sql.js';
import { queryGroups } from './query/query-groups.sql.js';
import { rebuildDimensions } from './query/rebuild-dimensions.sql.js';
import { rebuildSlices } from './rebuild-slices.sql.js';
import { horizonTotals } from './releases/horizon-totals.sql.js';
import { sumPodcastStretches } from './releases/podcast-stretches.sql.js';
import { rebuildCells } from './releases/rebuild-cells.sql.js';
import { cellsOfDay } from './releases/release-cells.sql.js';
import { rebuildSums } from './rebuild-sums.sql.js';
import { rebuildTotals, WHOLE_NETWORK } from './rebuild-totals.sql.js';

let database: TestDatabase;
let connections: TestConnections;
let tenant: TestTenant;
let tenantId: TenantId;

/** A few thousand rows of this tenant among those of twenty others: then no plan that reads everything looks cheap. */
beforeAll(async () => {
  database = await createTestDatabase();
  connections = connectTestDatabase(database);
  tenant = await createTestTenant(database, 'Tenant', 40);
  tenantId = toTenantId(tenant.tenantId);
  const others = await Promise.all(Array.from({ length: 20 }, () => createTestTenant(database, 'Other', 40)));
  const { owner } = database;
  await owner.query(`SELECT ensure_partitions('2026-02-23', '2026-04-06')`);
  const tenantIds = [tenant, ...others].map((each) => each.tenantId);
  const fill = (grain: string, from: string, step: string) =>
    owner.query(
      `INSERT INTO listener_metrics (tenant_id, bucket, podcast_id, episode_id, value, grain, metric, evidence)
       SELECT e.tenant_id, b, e.podcast_id, e.id, 1, $2, 'play', 'client_confirmed'
       FROM generate_series($3::timestamptz, '2026-03-31T23:55Z', $4::interval) b, episodes e
       WHERE e.tenant_id = ANY ($1::uuid[]) AND random() < 0.5`,
      [tenantIds, grain, from, step],
    );
  await fill('day', '2026-02-01', '1 day');
  await fill('hour', '2026-03-29', '1 hour');
  await fill('slice', '2026-03-31T20:00Z', '5 minutes');
  await owner.query(
    `INSERT INTO dimension_counts (tenant_id, bucket, podcast_id, episode_id, counts, grain, metric, evidence, dimension, names)
     SELECT tenant_id, bucket, podcast_id, episode_id, '{1}', grain, metric, evidence, 'app', '{AntennaPod}'
     FROM listener_metrics WHERE grain = 'day' OR grain = 'hour' AND bucket >= '2026-03-31T00:00Z'`,
  );
  await owner.query(
    `INSERT INTO listener_events (tenant_id, occurred_at, event_id, episode_id, received_at, payload_hash,
                                  payload_hash_version, trusted_sender, event_type)
     SELECT e.tenant_id, '2026-03-31T20:00Z'::timestamptz + n * interval '13 seconds', gen_random_uuid(), e.id, now(), 0, 1,
            false, 'play'
     FROM generate_series(0, 999) n, (SELECT DISTINCT ON (tenant_id) tenant_id, id FROM episodes
                                      WHERE tenant_id = ANY ($1::uuid[])) e`,
    [tenantIds],
  );
  await owner.query(
    `INSERT INTO dirty_buckets (tenant_id, kind, bucket)
     SELECT t, 'slice', '2026-03-31T20:00Z'::timestamptz + n * interval '5 minutes'
     FROM unnest($1::uuid[]) t, generate_series(0, 199) n`,
    [tenantIds],
  );
  await owner.query(
    `INSERT INTO listener_totals (tenant_id, bucket, podcast_id, value, grain, metric, evidence, dimension, dimension_value)
     SELECT tenant_id, bucket, p, 1, grain, metric, evidence, dimension, dimension_value
     FROM (SELECT DISTINCT tenant_id, bucket, podcast_id, grain, metric, evidence, dimension, dimension_value
           FROM listener_metrics) m,
          LATERAL (VALUES (podcast_id), (${WHOLE_NETWORK}) UNION ALL
                   SELECT md5(concat(tenant_id, n))::uuid FROM generate_series(1, 20) n) AS podcasts (p)`,
  );
  await owner.query(
    `INSERT INTO listening_positions (tenant_id, grain, bucket, episode_id, kind, bins, amounts)
     SELECT tenant_id, grain, bucket, episode_id, 'heard', '{0}', '{1}' FROM listener_metrics WHERE dimension = 'none'`,
  );
  await fillDownloads(owner, tenantIds);
  await fillReleases(owner);
  await owner.query('ANALYZE');
});
afterAll(async () => {
  await connections.close();
  await database.drop();
});

async function fillDownloads(owner: TestDatabase['owner'], tenantIds: readonly string[]): Promise<void> {
  await owner.query(
    `WITH sets AS (
       INSERT INTO rule_sets (tenant_id, id, version, valid_from, rules, agent_list, created_by)
       SELECT t, t, '1', '2026-01-01', '{}', '', 'spec' FROM unnest($1::uuid[]) t RETURNING tenant_id
     ), days AS (
       INSERT INTO counted_days (tenant_id, day, rule_set_id, files_as_of)
       SELECT tenant_id, '2026-01-01'::date + n, tenant_id, now() FROM sets, generate_series(0, 89) n
     )
     INSERT INTO downloads (tenant_id, rule_set_id, settled_day, address_day_id, download_id, occurred_at, settled_at,
                            podcast_id, episode_id, listener_id, evidence, app, device, country)
     SELECT tenant_id, tenant_id, at::date, n, gen_random_uuid(), at, at, tenant_id, tenant_id, n, 'prefix_only', '', '', ''
     FROM unnest($1::uuid[]) tenant_id, generate_series(0, 999) n,
          LATERAL (SELECT '2026-03-31T20:00Z'::timestamptz - n * interval '13 minutes' AS at) times`,
    [tenantIds],
  );
}

async function fillReleases(owner: TestDatabase['owner']): Promise<void> {
  await owner.query(
    `INSERT INTO release_starts SELECT tenant_id, id, podcast_id, '2026-03-01' FROM episodes`,
  );
  await owner.query(
    `INSERT INTO release_curves (tenant_id, episode_id, podcast_id, rule_set_id, downloads, age_day, evidence)
     SELECT tenant_id, id, podcast_id, id, 1, age, 'prefix_only' FROM episodes, generate_series(0, 29) AS age`,
  );
  await owner.query(
    `INSERT INTO release_totals (tenant_id, episode_id, evidence, days_1, days_7, days_30, days_60, days_90, days_366)
     SELECT tenant_id, id, 'prefix_only', 1, 7, 30, 30, 30, 30 FROM episodes`,
  );
}

interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Index Cond'?: string;
  Plans?: PlanNode[];
}

/** The index of one partition, or of one chunk, by the same name. Chunks of metric values are years, and not told apart. */
function withoutPart(index: string): string {
  const whole = /^(?:\d+_|_hyper_\d+_\d+_chunk_)(listener_metrics_\w+)$/.exec(index)?.[1];
  if (whole !== undefined) return whole;
  return /^(listener_events_p20260330|\d+_listener_events)_pkey$/.test(index)
    ? 'listener_events_pkey of one part'
    : index;
}

/**
 * What the statement that `work` sends reads: each index with the time column that bounds it there, and each relation
 * that is read from end to end.
 */
async function readsOf(work: (sql: Sql) => Promise<unknown>): Promise<string[]> {
  const reads = new Set<string>();
  const visit = (node: PlanNode): void => {
    const bound = /\b(bucket|occurred_at)\b/.exec(node['Index Cond'] ?? '')?.[1] ?? 'nothing';
    if (node['Index Name'] !== undefined) reads.add(`${withoutPart(node['Index Name'])} by ${bound}`);
    if (node['Node Type'] === 'Seq Scan') reads.add(`all of ${node['Relation Name']}`);
    node.Plans?.forEach(visit);
  };
  await connections.db.run(tenantId, async () => {
    const { sql } = connections.db.current;
    const explain: Sql = async (text, params) => {
      const [row] = await sql<{ 'QUERY PLAN': { Plan: PlanNode }[] }>(
        `EXPLAIN (FORMAT JSON) ${text}`,
        params,
      );
      visit(row!['QUERY PLAN'][0]!.Plan);
      return [];
    };
    await work(explain);
  });
  return [...reads].filter((read) => !/episodes|raw_horizons/.test(read)).sort();
}

function series(zoneName: string, interval: Interval, episode: boolean, podcast: boolean) {
  const zone = new LocalZone(zoneName);
  const [from, to] = [zone.instant(Date.UTC(2026, 2, 28)), zone.instant(Date.UTC(2026, 3, 1))];
  const starts = localBuckets(zone, interval, from, to, 800);
  const scope = {
    podcastId: podcast ? tenant.podcastId : null,
    episodeId: episode ? tenant.episodeIds[0]! : null,
    metrics: ['play'] as const,
    evidence: null,
  };
  return readsOf((sql) => eventSeries(sql, tenantId, starts, coverWithGrains(starts, to, ALL_KEPT), scope));
}

describe('questions', () => {
  test.each<[string, Interval]>([
    ['UTC', 'day'],
    ['UTC', 'hour'],
    ['Europe/Berlin', 'month'],
    ['Asia/Kolkata', 'day'],
    ['Australia/Lord_Howe', 'hour'],
  ])('by %s %s read rollups through an index and never raw events', async (zone, interval) => {
    expect(await series(zone, interval, false, false)).toEqual(['listener_totals_podcast by bucket']);
    expect(await series(zone, interval, false, true)).toEqual(['listener_totals_podcast by bucket']);
    expect(await series(zone, interval, true, true)).toEqual(['listener_metrics_episode by bucket']);
  });

  test.each([
    ['a network', null, ['listener_metrics_coarse by bucket', 'listener_metrics_episode by bucket']],
    ['a podcast', 'podcast', ['listener_metrics_episode by bucket']],
  ])('for rankings of %s read rollups and titles', async (_, podcast, expected) => {
    const zone = new LocalZone('Europe/Berlin');
    const [from, to] = [zone.instant(Date.UTC(2026, 2, 1)), zone.instant(Date.UTC(2026, 3, 1))];
    const podcastId = podcast && tenant.podcastId;
    const scope = { podcastId, episodeId: null, metrics: ['play' as const], evidence: null };
    const reads = await readsOf((sql) =>
      episodeRanking(sql, tenantId, coverWithGrains([from], to, ALL_KEPT), scope, 10),
    );
    expect(reads.filter((read) => !read.startsWith('listener_metrics_coarse') || podcast === null)).toEqual(
      expected,
    );
  });

  test.each(['UTC', 'Asia/Kolkata'])(
    'about listening in days of %s read the rows of an episode',
    async (name) => {
      const zone = new LocalZone(name);
      const [from, to] = [zone.instant(Date.UTC(2026, 2, 28)), zone.instant(Date.UTC(2026, 3, 1))];
      const reads = await readsOf((sql) =>
        episodePositions(sql, tenantId, tenant.episodeIds[0]!, coverWithGrains([from], to, ALL_KEPT)),
      );
      expect(reads).toEqual(['listening_positions_episode by bucket']);
    },
  );

  test.each<[string, Partial<QueryShape>]>([
    ['a network by app', { by: ['app'] }],
    ['podcasts by app', { by: ['podcast', 'app'] }],
    ['a podcast in an app', { podcastIds: ['own'], app: ['AntennaPod'] }],
    ['every episode by app', { by: ['episode', 'app'] }],
    ['an episode by app', { episodeIds: ['own'], by: ['app'] }],
  ])('about %s read ranges of rollups', async (_, shape) => {
    const own = (ids: readonly string[] | undefined, id: string) => ids?.map(() => id);
    const asked: QueryShape = {
      metrics: ['play'],
      by: [],
      order: 'value',
      ...shape,
      podcastIds: own(shape.podcastIds, tenant.podcastId),
      episodeIds: own(shape.episodeIds, tenant.episodeIds[0]!),
    };
    const zone = new LocalZone('Europe/Berlin');
    const [from, to] = [zone.instant(Date.UTC(2026, 2, 1)), zone.instant(Date.UTC(2026, 3, 1))];
    const rollups = { stretches: coverWithGrains([from], to, ALL_KEPT), dimension: dimensionsOf(asked)[0] };
    const reading = { rollups, oneByOne: [], starts: [from], bucketsBefore: 0 };
    const levels = metricLevels(asked.metrics);
    const reads = await readsOf((sql) =>
      queryGroups(sql, tenantId, asked, levels, reading, { limit: 10, after: undefined }),
    );
    // Titles are few, and are joined as the planner likes.
    expect(reads.filter((read) => /listener|dimension/.test(read))).toEqual([
      'dimension_counts_pkey by bucket',
    ]);
  });

  test('that are counted one by one read their stretch of time', async () => {
    const asked: QueryShape = { metrics: ['downloads', 'play'], by: ['app'], order: 'value' };
    const [from, to] = [Date.parse('2026-03-31T21:00Z'), Date.parse('2026-03-31T21:30Z')];
    const rollups = { stretches: [], dimension: undefined };
    const reading = { rollups, oneByOne: [{ from, to }], starts: [from], bucketsBefore: 0 };
    const levels = metricLevels(asked.metrics);
    const reads = await readsOf((sql) =>
      queryGroups(sql, tenantId, asked, levels, reading, { limit: 10, after: undefined }),
    );
    expect(reads).toContain('downloads_time by occurred_at');
    expect(reads.filter((read) => /^(all of )?(listener|downloads)/.test(read))).toEqual([
      'downloads_time by occurred_at',
      'listener_events_pkey of one part by occurred_at',
    ]);
  });

  test('about freshness read the marks of the range', async () => {
    const range = { from: Date.parse('2026-03-31T20:00Z'), to: Date.parse('2026-03-31T21:00Z') };
    const reads = await readsOf((sql) => answerFrame(sql, tenantId, range, range, null, ['count', 'slice']));
    expect(reads).toContain('dirty_buckets_pkey by bucket');
    expect(reads.filter((read) => read.startsWith('all of dirty_buckets'))).toEqual([]);
  });
});

describe('refreshing', () => {
  /** The rows to remove, mostly none, are found by either index. */
  const withoutRemoval = (reads: string[]) =>
    reads.filter(
      (read) => !/^listener_(totals_podcast|metrics_episode|metrics_coarse) by bucket$/.test(read),
    );
  const slices = [0, 1, 2].map((n) => new Date(Date.parse('2026-03-31T21:00Z') + n * 300_000));

  test('counts raw events of one partition or chunk and reaches rows through (tenant_id, grain, bucket)', async () => {
    const reads = await readsOf((sql) => rebuildSlices(sql, tenantId, slices));
    expect(withoutRemoval(reads)).toEqual([
      'counted_days_pkey by nothing',
      'downloads_time by occurred_at',
      'listener_events_pkey of one part by occurred_at',
      'listener_metrics_pkey by bucket',
    ]);
  });

  test('reads raw events of one partition for what was heard, and its rows by their bucket', async () => {
    const reads = await readsOf((sql) => rebuildListening(sql, tenantId, slices));
    expect(reads).toEqual([
      'listener_events_pkey of one part by occurred_at',
      'listener_metrics_pkey by bucket',
      'listening_positions_pkey by bucket',
    ]);
  });

  test('by dimension counts raw events of one partition and reaches rows through (grain, bucket)', async () => {
    const reads = await readsOf((sql) =>
      rebuildDimensions(sql, tenantId, { grain: 'hour', buckets: [new Date('2026-03-31T21:00Z')] }),
    );
    expect(reads.filter((read) => !/user_agents|networks/.test(read))).toEqual([
      'counted_days_pkey by nothing',
      'dimension_counts_bucket by bucket',
      'downloads_time by occurred_at',
      'listener_events_pkey of one part by occurred_at',
    ]);
  });

  test.each(['hour', 'day'] as const)('sums to one %s without raw events', async (grain) => {
    const reads = await readsOf((sql) => rebuildSums(sql, tenantId, grain, [new Date('2026-03-31T00:00Z')]));
    expect(withoutRemoval(reads)).toEqual(['listener_metrics_pkey by bucket']);
  });

  test.each(['slice', 'hour', 'day'] as const)('totals a %s through both tables', async (grain) => {
    const reads = await readsOf((sql) => rebuildTotals(sql, tenantId, grain, slices));
    expect(withoutRemoval(reads)).toEqual([
      'listener_metrics_pkey by bucket',
      'listener_totals_pkey by bucket',
    ]);
  });

  test('takes marks by their bucket', async () => {
    const reads = await readsOf((sql) =>
      takeMarks(sql, tenantId, 'slice', new Date('2026-03-31T21:00Z'), new Date('2026-03-31T22:00Z')),
    );
    expect(reads).toEqual(['dirty_buckets_pkey by bucket']);
  });
});

describe('releases', () => {
  const day = new Date('2026-03-20T00:00Z');
  const cells = (count: number) =>
    tenant.episodeIds.slice(0, count).map((episodeId) => ({ episodeId, ageDay: 19 }));

  test('are rebuilt from the rollups of their episodes alone', async () => {
    const reads = await readsOf((sql) => rebuildCells(sql, tenantId, cells(20)));
    // One row a tenant.
    expect(reads.filter((read) => !read.includes('retention_horizons'))).toEqual([
      'listener_metrics_episode by bucket',
      'release_curves_pkey by nothing',
      'release_starts_pkey by nothing',
    ]);
  });

  test('that a day belongs to are found by the tenant and the day', async () => {
    const reads = await readsOf((sql) => cellsOfDay(sql, tenantId, day));
    expect(reads.filter((read) => read.startsWith('all of'))).toEqual([]);
    expect(reads.filter((read) => read.startsWith('listener_metrics'))).toEqual([
      'listener_metrics_coarse by bucket',
    ]);
  });

  test('are compared by a row of each, and days by the totals of podcasts', async () => {
    expect(await readsOf((sql) => horizonTotals(sql, tenantId, tenant.episodeIds))).toEqual([
      'release_totals_pkey by nothing',
    ]);
    const stretch = { grain: 'day' as const, from: day.getTime(), to: day.getTime() + 86_400_000 };
    const reads = await readsOf((sql) => sumPodcastStretches(sql, tenantId, null, [stretch], [stretch.from]));
    expect(reads.filter((read) => !read.includes('podcasts'))).toEqual(['listener_totals_podcast by bucket']);
  });

  test('that rose are looked at by the downloads of their day', async () => {
    const reads = await readsOf((sql) => downloadApps(sql, tenantId, [tenant.podcastId], [day], 24));
    expect(reads).toEqual(['counted_days_pkey by nothing', 'downloads_time by occurred_at']);
  });
});

test('an audience is rebuilt from the downloads of its day, however rare they seem', async () => {
  // Among those of a thousand tenants, each row of the day lies on a page of its own, and the rows of any one tenant, rule
  // set and day look few: then reading the days of the whole history seems cheaper than reading one day.
  await database.owner.query(
    `INSERT INTO downloads (tenant_id, rule_set_id, settled_day, address_day_id, download_id, occurred_at, settled_at,
                            podcast_id, episode_id, listener_id, evidence, app, device, country)
     SELECT t, t, '2026-03-20', n, gen_random_uuid(), at, at, t, t, n, 'prefix_only', '', '', ''
     FROM generate_series(0, 59999) n,
          LATERAL (SELECT '2026-03-20T00:00Z'::timestamptz + n * interval '1 second' AS at,
                          CASE WHEN n % 30 = 0 THEN $1::uuid ELSE md5((n % 1000)::text)::uuid END AS t) made
     ORDER BY hashint4(n)`,
    [tenantId],
  );
  await database.owner.query('ANALYZE downloads');
  const reads = await readsOf((sql) => rebuildAudience(sql, tenantId, new Date('2026-03-20T00:00Z')));
  expect(reads.filter((read) => /downloads|counted_days/.test(read))).toEqual([
    'counted_days_pkey by nothing',
    'downloads_time by occurred_at',
  ]);
});
