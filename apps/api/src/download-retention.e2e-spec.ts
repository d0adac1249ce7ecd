import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { IngestionModule, RemoveDownloads } from '@lib/ingestion';
import { MetricsModule, RefreshAggregates } from '@lib/metrics';
import { createTestRuleSet, showTestDownloads, startTestApi, type TestApi } from '@lib/testing';
import { LazyModuleLoader } from '@nestjs/core';
import { createApi } from './create-api.js';

interface Detail {
  id: string;
  differs: boolean;
  totals: { evidence: string; was: number; wouldBe: number }[];
  numbers: { day: string; was: number; wouldBe: number; wouldBeUnder: string[] }[];
}

let api: TestApi;
let refresh: RefreshAggregates;
let retention: RemoveDownloads;
let tenantId: string;
let key: string;
let podcastId: string;

beforeAll(async () => {
  api = await startTestApi(createApi);
  const loader = api.app.get(LazyModuleLoader);
  refresh = (await loader.load(() => MetricsModule)).get(RefreshAggregates);
  retention = (await loader.load(() => IngestionModule)).get(RemoveDownloads);
  ({ tenantId, key } = await api.createTenant());
  podcastId = (await post<{ id: string }>('/v1/podcasts', { title: 'Podcast' })).id;
  const episode = await post<{ id: string }>(`/v1/podcasts/${podcastId}/episodes`, {
    title: 'Episode',
    guid: 'e-1',
  });
  const ruleSet = await createTestRuleSet(api.database, tenantId, '1.0.0');
  const days = ['2026-03-01', '2026-03-02', '2026-03-03', '2026-03-04', '2026-03-05'];
  await showTestDownloads(
    api.database,
    tenantId,
    ruleSet,
    days.map((day, n) => ({ day, podcastId, episodeId: episode.id, downloads: n + 2 })),
  );
  // One that began on the day before the one that owns it.
  await rows(`UPDATE downloads SET occurred_at = '2026-03-03T23:58Z' WHERE tenant_id = $1 AND settled_day = '2026-03-04'
                AND listener_id = 1`);
  await rows(
    `INSERT INTO count_carry (tenant_id, rule_set_id, day, address_day_id, listener_id, episode_id, evidence, carry)
     SELECT $1, $2, day, 1, 1, $3, 'origin_bytes', '{}' FROM unnest($4::date[]) day`,
    ruleSet,
    episode.id,
    days,
  );
  await rows(
    `INSERT INTO dirty_buckets (tenant_id, kind, bucket)
     SELECT DISTINCT $1::uuid, 'slice', date_bin('5 minutes', occurred_at, 'epoch') FROM downloads WHERE tenant_id = $1`,
  );
  while ((await refresh.run()).days > 0);
  await rows('UPDATE tenant_settings SET raw_retention_days = 8 WHERE tenant_id = $1');
});
afterAll(() => api.close());

async function post<Body>(path: string, body: object): Promise<Body> {
  return (await api.call<Body>('POST', path, { key, body })).body;
}
async function rows<Row extends object>(text: string, ...params: unknown[]): Promise<Row[]> {
  return (await api.database.owner.query<Row>(text, [tenantId, ...params])).rows;
}
const ownedDays = async () =>
  (
    await rows<{ day: string }>(
      'SELECT DISTINCT settled_day::text AS day FROM downloads WHERE tenant_id = $1 ORDER BY 1',
    )
  ).map(({ day }) => day);
const freeze = (name: string, firstDay = '2026-03-01') =>
  post<{ id: string; code?: string }>('/v1/snapshots', { name, firstDay, lastDay: '2026-03-05' });
const read = async (id: string) => (await api.call<Detail>('GET', `/v1/snapshots/${id}`, { key })).body;
const compare = (day: string) =>
  api.call(
    'POST',
    '/v1/reconciliations?timeZone=UTC&window=calendar_day&evidence=origin_bytes&botsFiltered=true',
    { key, body: `day,guid,count\n${day},e-1,1\n`, headers: { 'content-type': 'text/csv' } },
  );

test('single downloads go where nothing can count them again, and every number stays', async () => {
  const before = await freeze('before');
  await retention.run();
  expect(await ownedDays()).toHaveLength(5);

  await rows(`INSERT INTO raw_horizons (tenant_id, raw_from) VALUES ($1, '2026-03-04')`);
  await retention.run();
  expect(await ownedDays()).toHaveLength(5);

  await rows(`UPDATE raw_horizons SET moved_at = now() - interval '1 hour' WHERE tenant_id = $1`);
  await rows(`INSERT INTO dirty_buckets (tenant_id, kind, bucket) VALUES ($1, 'count', '2026-03-02T04:00Z')`);
  await retention.run();
  expect(await ownedDays()).toEqual(['2026-03-02', '2026-03-03', '2026-03-04', '2026-03-05']);
  await rows(`DELETE FROM dirty_buckets WHERE tenant_id = $1`);
  expect(await retention.run()).toEqual({ removed: 7 });
  expect(await ownedDays()).toEqual(['2026-03-04', '2026-03-05']);
  expect(await retention.run()).toEqual({ removed: 0 });
  // The first day that can still be counted begins with the windows of the day before.
  expect(await rows('SELECT day::text FROM count_carry WHERE tenant_id = $1 ORDER BY 1')).toEqual(
    ['2026-03-03', '2026-03-04', '2026-03-05'].map((day) => ({ day })),
  );

  const seen = await read(before.id);
  expect(seen).toMatchObject({ differs: false, totals: [{ was: 20, wouldBe: 20 }] });
  expect(seen.numbers.map(({ day, wouldBe }) => [day, wouldBe])).toEqual([
    ['2026-03-01', 2],
    ['2026-03-02', 3],
    ['2026-03-03', 5],
    ['2026-03-04', 4],
    ['2026-03-05', 6],
  ]);
  const after = await read((await freeze('after')).id);
  expect(after.numbers.map(({ was, wouldBeUnder }) => [was, wouldBeUnder])).toEqual(
    seen.numbers.map(({ wouldBe, wouldBeUnder }) => [wouldBe, wouldBeUnder]),
  );

  expect((await compare('2026-03-03')).body).toMatchObject({
    status: 422,
    code: 'before_download_horizon',
    detail: 'Single downloads before 2026-03-04T00:00:00.000Z are no longer kept; send days from then on.',
  });
  expect((await compare('2026-03-04')).body).toMatchObject({ total: { ours: 4 } });
});

const explain = async (from: string, to: string, more = '') =>
  (await api.call('GET', `/v1/metrics/explain?from=${from}&to=${to}${more}`, { key })).body;

test('of requests that are gone nothing is explained but that they are, and what is shown', async () => {
  const gone = { requests: null, funnels: [], ruleSets: [] };
  const requestsFrom = '2026-03-04T00:00:00.000Z';
  const shown = (downloads: number) => [
    { evidence: 'origin_bytes', ruleSetId: expect.any(String), downloads },
  ];
  expect(await explain('2026-03-01', '2026-03-04')).toMatchObject({
    ...gone,
    requestsGone: { requestsFrom, shown: shown(10) },
  });
  // Two days of which nothing single is left, and two of which it is.
  expect(await explain('2026-03-02', '2026-03-06', `&podcastId=${podcastId}`)).toMatchObject({
    ...gone,
    requestsGone: { shown: shown(18) },
  });
  const unknown = { ...gone, requestsGone: { requestsFrom, shown: null } };
  expect(await explain('2026-03-02T01:00Z', '2026-03-03')).toMatchObject(unknown);
  expect(await explain('2026-03-05', '2026-03-06', '&window=last_touch')).toMatchObject(unknown);
  const kept = await explain('2026-03-04T01:00Z', '2026-03-06');
  expect(kept).toMatchObject({ requests: 0, requestsGone: null });
  expect(kept).toHaveProperty('funnels.length', 2);
});

test('days of which no counts are kept cannot be frozen, and what was frozen stands', async () => {
  const taken = await freeze('long kept');
  await rows(`UPDATE retention_horizons SET days_from = '2026-03-03' WHERE tenant_id = $1`);
  await rows(`DELETE FROM listener_metrics WHERE tenant_id = $1 AND grain = 'day' AND bucket < '2026-03-03'`);
  expect(await freeze('too late')).toMatchObject({ status: 400, code: 'before_day_horizon' });
  expect(await explain('2026-03-01', '2026-03-04')).toMatchObject({ requestsGone: { shown: null } });
  expect(await freeze('in time', '2026-03-03')).toHaveProperty('id');
  expect(await read(taken.id)).toMatchObject({ differs: false, totals: [{ was: 20, wouldBe: 20 }] });
});
