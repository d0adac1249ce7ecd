import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { MeasureStorage, MetricsModule, RefreshAggregates, RefreshMetricsDaily } from '@lib/metrics';
import { DAY_MS, HOUR_MS } from '@lib/primitives';
import { createTestRuleSet, showTestDownloads, startTestApi, type TestApi } from '@lib/testing';
import { LazyModuleLoader } from '@nestjs/core';
import { createApi } from './create-api.js';

interface Usage {
  podcasts: { active: number; archived: number };
  episodes: { active: number; archived: number };
  quotas: { podcasts: { used: number; max: number | null } };
  events: { oldest: string | null; newest: string | null; byDay: { day: string; events: number }[] };
  storage: {
    measuredAt: string | null;
    rows: number;
    bytes: number | null;
    lines: { relation: string; level: string; rows: number; bytes: number | null }[];
    history: { day: string; rows: number; bytes: number | null }[];
  };
  retention: { level: string; days: number; keptFrom: string | null }[];
}

let api: TestApi;
let refresh: RefreshAggregates;
let refreshDaily: RefreshMetricsDaily;
let measure: MeasureStorage;
let tenantId: string;
let key: string;
let podcastId: string;
let episodeId: string;

beforeAll(async () => {
  api = await startTestApi(createApi);
  const worker = await api.app.get(LazyModuleLoader).load(() => MetricsModule);
  refresh = worker.get(RefreshAggregates);
  refreshDaily = worker.get(RefreshMetricsDaily);
  measure = worker.get(MeasureStorage);
  await api.database.owner.query(`SELECT ensure_partitions(now() - interval '80 days', now())`);
});
afterAll(() => api.close());
beforeEach(async () => {
  ({ tenantId, key } = await api.createTenant());
  const [podcast] = await rows<{ id: string }>(
    `INSERT INTO podcasts (tenant_id, id, title) VALUES ($1, gen_random_uuid(), 'Podcast') RETURNING id`,
  );
  podcastId = podcast!.id;
  const [episode] = await rows<{ id: string }>(
    `INSERT INTO episodes (tenant_id, id, podcast_id, guid, title)
     VALUES ($1, gen_random_uuid(), $2, 'e', 'Episode') RETURNING id`,
    podcastId,
  );
  episodeId = episode!.id;
});

async function rows<Row extends object>(text: string, ...params: unknown[]): Promise<Row[]> {
  return (await api.database.owner.query<Row>(text, [tenantId, ...params])).rows;
}

/** Plays, one a minute, ending at an instant. */
async function store(count: number, until: Date, episode: string | null = episodeId): Promise<void> {
  await rows(
    `WITH stored AS (
       INSERT INTO listener_events (tenant_id, occurred_at, event_id, episode_id, received_at, payload_hash,
                                    payload_hash_version, trusted_sender, event_type)
       SELECT $1, $3::timestamptz - n * interval '1 minute', gen_random_uuid(), $4, now(), 0, 1, false, 'play'
       FROM generate_series(0, $2::integer - 1) n RETURNING occurred_at
     )
     INSERT INTO dirty_buckets (tenant_id, kind, bucket)
     SELECT DISTINCT $1::uuid, 'slice', date_bin('5 minutes', occurred_at, 'epoch') FROM stored`,
    count,
    until,
    episode,
  );
  while ((await refresh.run()).days > 0);
  while ((await refreshDaily.run()).days > 0);
}

const usage = async (): Promise<Usage> => (await api.call<Usage>('GET', '/v1/usage', { key })).body;
const linesOf = async (relation: string, level: string) =>
  (await usage()).storage.lines.find((line) => line.relation === relation && line.level === level);

describe('usage', () => {
  test('of a new tenant is nothing, with what is in force for it', async () => {
    const answer = await usage();
    expect(answer).toMatchObject({
      podcasts: { active: 1, archived: 0 },
      episodes: { active: 1, archived: 0 },
      quotas: { podcasts: { used: 1, max: null } },
      events: { oldest: null, newest: null },
      storage: { measuredAt: null, rows: 0, bytes: 0, estimated: true, lines: [], history: [] },
    });
    expect(answer.events.byDay.map(({ events }) => events)).toEqual(Array.from({ length: 30 }, () => 0));
    expect(answer.retention).toEqual(
      Object.entries({ raw: 730, download: 730, slice: 1_100, hour: 3_660, day: 36_500, month: 36_500 }).map(
        ([level, days]) => ({ level, days, keptFrom: null }),
      ),
    );
  });

  test('adds up to what is stored', async () => {
    const noon = new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS - DAY_MS + 12 * HOUR_MS);
    const longAgo = new Date(noon.getTime() - 70 * DAY_MS);
    await store(40, noon);
    await store(10, longAgo);
    await store(5, noon, null); // requests of nothing but an episode are stored, and in no rollup
    const ruleSet = await createTestRuleSet(api.database, tenantId, '1');
    const day = noon.toISOString().slice(0, 10);
    await showTestDownloads(api.database, tenantId, ruleSet, [{ day, podcastId, episodeId, downloads: 7 }]);
    await rows(
      `WITH curves AS (
         INSERT INTO release_curves (tenant_id, podcast_id, episode_id, rule_set_id, downloads, age_day, evidence)
         SELECT $1, $2, $3, $2, 1, age, 'prefix_only' FROM generate_series(0, 8) AS age
       ), totals AS (
         INSERT INTO release_totals (tenant_id, episode_id, days_1, days_7, days_30, days_60, days_90, days_366, evidence)
         VALUES ($1, $3, 1, 7, 9, 9, 9, 9, 'prefix_only')
       )
       INSERT INTO audience_sketches (tenant_id, podcast_id, episode_id, rule_set_id, day, series, evidence, listeners,
                                      unidentified, hashes)
       SELECT $1, $2, $3, $2, '2026-01-01'::date + n * 40, 'a', 'prefix_only', 0, 0, '{}' FROM generate_series(0, 2) AS n`,
      podcastId,
      episodeId,
    );
    await api.database.owner.query('ANALYZE');
    await measure.run();
    const { storage, events, retention } = await usage();
    expect(events.byDay.find((each) => each.day === day)).toEqual({ day, events: 40 });
    expect(events.byDay.reduce((sum, each) => sum + each.events, 0)).toBe(40);
    expect(events.newest).toBe(noon.toISOString());
    expect(events.oldest).toBe(new Date(longAgo.getTime() - 9 * 60_000).toISOString());
    const stored = await rows<{ relation: string; level: string; rows: number }>(
      `SELECT 'listener_events' AS relation, 'raw' AS level, count(*)::integer AS rows FROM listener_events WHERE tenant_id = $1
       UNION ALL SELECT 'attribution_events', 'raw', 0
       UNION ALL SELECT 'downloads', 'download', count(*)::integer FROM downloads WHERE tenant_id = $1
       UNION ALL SELECT 'listener_metrics', grain, count(*)::integer FROM listener_metrics WHERE tenant_id = $1 GROUP BY grain
       UNION ALL SELECT 'listener_totals', grain, count(*)::integer FROM listener_totals WHERE tenant_id = $1 GROUP BY grain
       UNION ALL SELECT 'metrics_daily', 'day', count(*)::integer FROM metrics_daily WHERE tenant_id = $1
       UNION ALL SELECT 'audience_sketches', 'day', 3
       UNION ALL SELECT 'release_curves', 'day', 9
       UNION ALL SELECT 'release_totals', 'month', 1`,
    );
    expect(stored.length).toBe(15);
    const nothing = ['listening_positions', 'dimension_counts'].flatMap((relation) =>
      ['slice', 'hour', 'day', 'month'].map((level) => ({ relation, level, rows: 0 })),
    );
    const lines = storage.lines.map(({ bytes: _, ...line }) => line);
    expect(new Set(lines.map((line) => JSON.stringify(line)))).toEqual(
      new Set([...stored, ...nothing].map((line) => JSON.stringify(line))),
    );
    expect(storage.rows).toBe(stored.reduce((sum, each) => sum + each.rows, 0));
    expect(storage.lines.filter(({ bytes }) => bytes === null)).toEqual([]);
    expect(storage.bytes).toBe(storage.lines.reduce((sum, { bytes }) => sum + (bytes ?? NaN), 0));
    const raw = await linesOf('listener_events', 'raw');
    expect(raw!.rows).toBe(55);
    expect(raw!.bytes! / raw!.rows).toBeGreaterThan(100);
    const today = new Date().toISOString().slice(0, 10);
    expect(storage.history).toEqual([{ day: today, rows: storage.rows, bytes: storage.bytes }]);
    expect(retention[0]).toMatchObject({ level: 'raw', keptFrom: null });
  });

  test('is measured once a UTC day, and remembered by day', async () => {
    await store(3, new Date(Date.now() - HOUR_MS));
    await measure.run();
    await store(2, new Date(Date.now() - 2 * HOUR_MS));
    await measure.run();
    expect(await linesOf('listener_events', 'raw')).toMatchObject({ rows: 3 });
    await measure.run(new Date(Date.now() + DAY_MS));
    expect(await linesOf('listener_events', 'raw')).toMatchObject({ rows: 5 });
    expect((await usage()).storage.history).toHaveLength(2);
    await measure.run(new Date(Date.now() + 402 * DAY_MS));
    expect((await usage()).storage.history).toHaveLength(1);
  });

  test('of a tenant is seen by it and by the platform, not by another tenant', async () => {
    await store(3, new Date(Date.now() - HOUR_MS));
    await measure.run();
    const other = await api.createTenant('Other');
    const theirs = await api.call<Usage>('GET', '/v1/usage', { key: other.key });
    expect(theirs.body).toMatchObject({ podcasts: { active: 0 }, storage: { rows: 0, lines: [] } });
    const path = (id: string) => `/v1/admin/tenants/${id}/usage`;
    const seen = await api.call<Usage>('GET', path(tenantId), { key: api.platformKey });
    expect(seen.body).toEqual(await usage());
    expect((await api.call('GET', path(tenantId), { key })).status).toBe(403);
    const missing = await api.call('GET', path('00000000-0000-4000-8000-000000000000'), {
      key: api.platformKey,
    });
    expect(missing.body).toMatchObject({ status: 404, code: 'tenant_not_found' });
  });

  test('names from when on each level is there, and questions before are refused', async () => {
    await rows(`INSERT INTO retention_horizons (tenant_id, hours_from, slices_from, quarters_until)
                VALUES ($1, '2026-02-01', '2026-03-01', '2026-04-01')`);
    const { retention } = await usage();
    expect(retention.find(({ level }) => level === 'hour')).toMatchObject({
      keptFrom: '2026-02-01T00:00:00.000Z',
    });
    const ask = async (route: string, from: string, to: string, timeZone: string) => {
      const query = new URLSearchParams({ from, to, timeZone, metric: 'play', interval: 'day' });
      const only = route === 'totals' ? ['metric', 'interval'] : route === 'top-episodes' ? ['interval'] : [];
      for (const name of only) query.delete(name);
      return (await api.call('GET', `/v1/metrics/${route}?${query.toString()}`, { key })).body;
    };
    for (const route of ['series', 'totals', 'top-episodes']) {
      expect(await ask(route, '2026-01-01', '2026-01-10', 'UTC')).toMatchObject({ timeZone: 'UTC' });
      expect(await ask(route, '2026-01-01', '2026-01-10', 'Europe/Berlin')).toMatchObject({
        status: 400,
        code: 'before_hour_horizon',
        detail:
          'Counts by hour before 2026-02-01T00:00:00.000Z are no longer kept: ask from then on, or ask for whole ' +
          'UTC days, with timeZone=UTC.',
      });
      expect(await ask(route, '2026-02-05', '2026-02-10', 'Asia/Kolkata')).toMatchObject({
        code: 'before_slice_horizon',
      });
      expect(await ask(route, '2026-03-05T00:05:00Z', '2026-03-06T00:00:00Z', 'UTC')).toMatchObject({
        code: 'unaligned_range',
        field: 'from',
      });
    }
  });
});
