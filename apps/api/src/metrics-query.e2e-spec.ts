import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MetricsModule, RefreshAggregates, RefreshDimensions } from '@lib/metrics';
import { startTestApi, type TestApi } from '@lib/testing';
import { LazyModuleLoader } from '@nestjs/core';
import fc from 'fast-check';
import { createApi } from './create-api.js';
import {
  countByHand,
  createKnownNetwork,
  storeKnown,
  type EventSeed,
  type KnownNetwork,
  type Parameters,
  type QueryAnswer,
} from './metrics-query.contract.js';

const [SLICE, HOUR, DAY] = [300_000, 3_600_000, 86_400_000];

/** Days around changes of the clock; where there is none any more, any days. */
const STAGES = [
  { timeZone: 'Europe/Berlin', first: '2026-03-24' },
  { timeZone: 'America/Sao_Paulo', first: '2018-10-31' },
  { timeZone: 'Asia/Kolkata', first: '2026-03-24' },
  { timeZone: 'Pacific/Kiritimati', first: '2026-03-26' },
  { timeZone: 'Australia/Lord_Howe', first: '2026-03-31' },
];
const STAGE_DAYS = 10;

let api: TestApi;
let refresh: RefreshAggregates;
let dimensions: RefreshDimensions;
let network: KnownNetwork;
let other: KnownNetwork;

beforeAll(async () => {
  api = await startTestApi(createApi);
  await api.database.owner.query(`SELECT ensure_partitions('2018-10-29', '2018-11-19')`);
  await api.database.owner.query(`SELECT ensure_partitions('2026-03-16', '2026-04-20')`);
  const worker = await api.app.get(LazyModuleLoader).load(() => MetricsModule);
  refresh = worker.get(RefreshAggregates);
  dimensions = worker.get(RefreshDimensions);
  [network, other] = [await createKnownNetwork(api), await createKnownNetwork(api)];
  const seeds = STAGES.flatMap(({ first }) =>
    fc.sample(seedsOf(Date.parse(first)), { numRuns: 200, seed: 7 }),
  );
  // Late events come into hours that were refreshed before.
  await storeKnown(
    api,
    network,
    seeds.filter((_, n) => n % 10 > 0),
  );
  await storeKnown(api, other, seeds.slice(0, 100));
  await refreshAll();
  await storeKnown(
    api,
    network,
    seeds.filter((_, n) => n % 10 === 0),
  );
  await refreshAll();
}, 180_000);
afterAll(() => api.close());

function seedsOf(first: number): fc.Arbitrary<EventSeed> {
  return fc.record({
    at: fc.integer({ min: first, max: first + STAGE_DAYS * DAY - 1 }),
    episode: fc.nat(3),
    agent: fc.nat(3),
    network: fc.nat(3),
    kind: fc.nat(4),
  });
}

async function refreshAll(): Promise<void> {
  while ((await refresh.run()).days > 0);
  while ((await dimensions.run()).days > 0);
}

function get<Body>(route: string, asked: Parameters, key = network.key) {
  const search = new URLSearchParams();
  for (const [name, values] of Object.entries(asked))
    for (const value of [values].flat()) search.append(name, value);
  return api.call<Body>('GET', `/v1/metrics/${route}?${search.toString()}`, { key });
}

async function ask(asked: Parameters, of = network): Promise<QueryAnswer> {
  const { status, body } = await get<QueryAnswer>('query', asked, of.key);
  expect({ status, body }).toMatchObject({ status: 200 });
  return body;
}

const some = (values: readonly string[]) =>
  fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 2 });

/** A range in a stage: local dates, or instants on borders of slices. */
const short = fc
  .record({
    stage: fc.constantFrom(...STAGES),
    begin: fc.integer({ min: 2, max: STAGE_DAYS - 2 }),
    days: fc.integer({ min: 1, max: 4 }),
    slices: fc.option(fc.tuple(fc.nat(287), fc.nat(287))),
  })
  .map(({ stage, begin, days, slices }) => {
    const from = Date.parse(stage.first) + begin * DAY;
    const to = from + days * DAY;
    const texts =
      slices === null
        ? [from, to].map((at) => new Date(at).toISOString().slice(0, 10))
        : [from + slices[0] * SLICE, to + DAY + slices[1] * SLICE].map((at) => new Date(at).toISOString());
    return { timeZone: stage.timeZone, from: texts[0]!, to: texts[1]! };
  });

/** Months, and what is before and after them. */
const long = fc
  .constantFrom('UTC', ...STAGES.map(({ timeZone }) => timeZone))
  .map((timeZone) => ({ timeZone, from: '2026-02-26', to: '2026-04-30' }));
const when = fc.oneof({ arbitrary: short, weight: 5 }, { arbitrary: long, weight: 1 });

/** Parameters without those that were left out. */
const given = (asked: Record<string, string | string[] | undefined>): Parameters =>
  Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined)) as Parameters;

const question = fc
  .record({
    when,
    metric: fc.uniqueArray(fc.constantFrom('downloads', 'play', 'download_request', 'complete'), {
      minLength: 1,
      maxLength: 3,
    }),
    by: fc.uniqueArray(fc.constantFrom('podcast', 'episode', 'app', 'device', 'country'), { maxLength: 2 }),
    interval: fc.option(fc.constantFrom('hour', 'day', 'week', 'month'), { nil: undefined }),
    compare: fc.option(fc.constant('previous'), { nil: undefined }),
    order: fc.constantFrom('value', 'name'),
    evidence: fc.option(some(['origin_bytes', 'prefix_only', 'client_confirmed']), {
      nil: undefined,
      freq: 4,
    }),
    app: fc.option(some(['AntennaPod', 'Overcast', 'unknown', 'Nobody']), { nil: undefined, freq: 2 }),
    device: fc.option(some(['mobile', 'unknown']), { nil: undefined, freq: 2 }),
    country: fc.option(some(['DE', 'BR', 'unknown']), { nil: undefined, freq: 2 }),
    podcast: fc.option(fc.nat(1), { nil: undefined, freq: 2 }),
    episodes: fc.option(fc.uniqueArray(fc.nat(3), { minLength: 1, maxLength: 2 }), {
      nil: undefined,
      freq: 2,
    }),
  })
  .map(({ when: range, podcast, episodes, ...rest }) => {
    const ids = (list: readonly number[] | undefined, of: readonly { id: string }[]) =>
      list?.map((n) => of[n]!.id);
    const used = ['app', 'device', 'country'].filter(
      (dimension) =>
        rest.by.some((grouping) => grouping === dimension) || rest[dimension as 'app'] !== undefined,
    );
    return () =>
      given({
        ...range,
        ...rest,
        interval: range.to === '2026-04-30' && rest.interval === 'hour' ? 'day' : rest.interval,
        by: rest.by.length === 0 ? undefined : rest.by,
        metric: used.length > 1 ? ['downloads'] : rest.metric,
        podcastId: ids(podcast === undefined ? undefined : [podcast], network.podcasts),
        episodeId: ids(episodes, network.episodes),
      });
  });

describe('a question', () => {
  test('is answered as by counting one event after another, in five zones over changes of the clock', async () => {
    let counted = 0;
    await fc.assert(
      fc.asyncProperty(question, async (ofNetwork) => {
        const asked = ofNetwork();
        const answer = await ask({ ...asked, limit: '40' });
        expect(answer.next).toBeNull();
        expect(answer.rows).toEqual(
          countByHand(network, asked, answer).map((row) => ({ ...row, core: expect.anything() })),
        );
        for (const { value, values } of answer.rows)
          if (values) expect(values.reduce((sum, one) => sum + one, 0)).toBe(value);
        counted += answer.rows.reduce((sum, { value }) => sum + value, 0);
      }),
      { numRuns: 150, endOnFailure: false },
    );
    expect(counted).toBeGreaterThan(300);
  });

  test('is the same in pages of any size', async () => {
    await fc.assert(
      fc.asyncProperty(question, fc.integer({ min: 1, max: 7 }), async (ofNetwork, size) => {
        const asked = ofNetwork();
        const whole = await ask({ ...asked, limit: '40' });
        const rows = [];
        for (let cursor: string | null = ''; cursor !== null;) {
          const page: QueryAnswer = await ask({ ...asked, limit: String(size), ...(cursor && { cursor }) });
          expect(page.rows.length).toBeLessThanOrEqual(size);
          rows.push(...page.rows);
          cursor = page.next;
        }
        expect(rows).toEqual(whole.rows);
      }),
      { numRuns: 25, endOnFailure: false },
    );
  });

  test('says the same as series, totals and top episodes', async () => {
    await fc.assert(
      fc.asyncProperty(short, fc.constantFrom('hour', 'day', 'week', 'month'), async (range, interval) => {
        const metric = ['downloads', 'play'];
        const byBucket = await ask({ ...range, metric, interval });
        const { series } = (
          await get<{ series: { points: { value: number; start: string }[] }[] }>('series', {
            ...range,
            metric,
            interval,
          })
        ).body;
        expect(series.map(({ points }) => points.map(({ value }) => value))).toEqual(
          byBucket.rows.map(({ values }) => values),
        );
        expect(series[0]!.points.map(({ start }) => start)).toEqual(
          byBucket.buckets!.map(({ start }) => start),
        );
        expect(byBucket.rows).toMatchObject(countByHand(network, { ...range, metric, interval }, byBucket));
        const compared = await ask({ ...range, metric, compare: 'previous' });
        const { totals } = (
          await get<{ totals: { metric: string }[] }>('totals', { ...range, compare: 'previous' })
        ).body;
        const ofRow = ({ group: _, values: __, ...row }: QueryAnswer['rows'][number]) => row;
        expect(totals.filter((one) => metric.includes(one.metric))).toEqual(compared.rows.map(ofRow));
        const ranked = await ask({ ...range, metric: 'play', by: 'episode' });
        const { rankings } = (
          await get<{ rankings: { episodes: { episodeId: string; value: number }[] }[] }>('top-episodes', {
            ...range,
            metric: 'play',
          })
        ).body;
        const values = new Map(ranked.rows.map(({ group, value }) => [group['episodeId'], value]));
        expect(new Map(rankings[0]!.episodes.map(({ episodeId, value }) => [episodeId, value]))).toEqual(
          values,
        );
      }),
      { numRuns: 12, endOnFailure: false },
    );
  });

  test('counts nothing of another tenant, whatever it names', async () => {
    const asked = {
      from: '2026-03-20',
      to: '2026-04-12',
      metric: ['downloads', 'play'],
      by: 'app',
      order: 'name',
    };
    const theirs = await ask(asked, other);
    expect(theirs.rows).toMatchObject(countByHand(other, asked, theirs));
    const scopes: Parameters[] = [
      { podcastId: network.podcasts[0]!.id },
      { episodeId: network.episodes[0]!.id },
    ];
    for (const scope of scopes) {
      expect((await ask({ ...asked, ...scope })).rows).not.toEqual([]);
      expect((await ask({ ...asked, ...scope }, other)).rows).toEqual([]);
      expect(
        (await ask({ ...asked, ...scope, by: 'country', app: 'AntennaPod', metric: 'downloads' }, other))
          .rows,
      ).toEqual([]);
    }
  });

  test('is as fresh as the rows that it is answered from', async () => {
    const asked = { from: '2026-03-25', to: '2026-03-26', timeZone: 'UTC', metric: 'play' };
    // A mark of long ago, which an answer that is kept could not have missed: so none is kept.
    const mark = (kind: string, bucket: string) =>
      api.database.owner.query(
        `WITH moved AS (UPDATE aggregate_watermarks SET version = version + 1 WHERE tenant_id = $1)
         INSERT INTO dirty_buckets (tenant_id, kind, bucket, marked_at) VALUES ($1, $2, $3, now() - interval '1 hour')`,
        [network.tenantId, kind, bucket],
      );
    const isOld = async (more: Parameters) =>
      Date.now() - Date.parse((await ask({ ...asked, ...more })).asOf) > HOUR / 2;
    await mark('dimension', '2026-03-25T10:00Z');
    expect([await isOld({}), await isOld({ by: 'app' }), await isOld({ country: 'DE' })]).toEqual([
      false,
      true,
      true,
    ]);
    await refreshAll();
    expect(await isOld({ by: 'app' })).toBe(false);
    // New agents of whichever day.
    await mark('agents', '2026-04-25T10:00Z');
    expect([await isOld({}), await isOld({ by: 'app' })]).toEqual([false, true]);
    await api.database.owner.query(`DELETE FROM dirty_buckets WHERE tenant_id = $1`, [network.tenantId]);
  });
});

describe('a cursor', () => {
  const asked = { from: '2026-03-20', to: '2026-04-12', metric: 'downloads', by: 'app', limit: '1' };
  const withCursor = (cursor: string, more: Parameters = {}, key = network.key) =>
    get<{ code: string; errors?: unknown }>('query', { ...asked, ...more, cursor }, key);

  test('is refused when it was changed, or is of another question or tenant', async () => {
    const { next } = await ask(asked);
    expect((await withCursor(next!)).status).toBe(200);
    const refused = await Promise.all([
      withCursor(`${next!.slice(0, -2)}xx`),
      withCursor(`x${next}`),
      withCursor(next!, { order: 'name' }),
      withCursor(next!, { app: 'Overcast' }),
      withCursor(next!, { to: '2026-04-11' }),
      withCursor(next!, {}, other.key),
    ]);
    for (const { status, body } of refused)
      expect({ status, body }).toMatchObject({ status: 400, body: { code: 'invalid_cursor' } });
    expect((await withCursor(next!, { limit: '7' })).status).toBe(200);
  });
});

describe('what is not affordable', () => {
  const totals = (grain: string, bucket: string, metric: string, value: number) =>
    api.database.owner.query(
      `INSERT INTO listener_totals (tenant_id, podcast_id, grain, bucket, metric, evidence, value)
       VALUES ($1, '00000000-0000-0000-0000-000000000000', $2, $3, $4, 'origin_bytes', $5)`,
      [other.tenantId, grain, bucket, metric, value],
    );
  const refusal = async (asked: Parameters) => {
    const { status, body } = await get<{ code: string; detail: string }>('query', asked, other.key);
    return { status, code: body.code, detail: body.detail };
  };

  test('is refused with the affordable alternative named', async () => {
    await totals('day', '2026-06-02T00:00Z', 'downloads', 4_000_000);
    await totals('slice', '2026-06-02T18:30Z', 'play', 1_000_001);
    const twoDimensions = { metric: 'downloads', by: ['app', 'country'], timeZone: 'UTC' };
    expect(await refusal({ ...twoDimensions, from: '2026-06-01', to: '2026-06-17' })).toEqual({
      status: 422,
      code: 'query_too_expensive',
      detail: expect.stringContaining(
        'a range of about 4 days, or for one of app, device and country at a time',
      ),
    });
    expect((await refusal({ ...twoDimensions, from: '2026-06-03', to: '2026-06-17' })).status).toBe(200);
    expect(
      (await refusal({ ...twoDimensions, by: 'app', from: '2026-06-01', to: '2026-06-17' })).status,
    ).toBe(200);
    const broken = { metric: 'play', by: 'app', from: '2026-06-02', to: '2026-06-03' };
    expect(await refusal({ ...broken, timeZone: 'Asia/Kolkata' })).toMatchObject({ status: 200 });
    expect(
      await refusal({ ...broken, timeZone: 'Asia/Kolkata', from: '2026-06-03', to: '2026-06-04' }),
    ).toEqual({
      status: 422,
      code: 'query_too_expensive',
      detail: expect.stringContaining('full hours of UTC'),
    });
  });

  test('because raw events are gone is refused where hours are broken', async () => {
    await api.database.owner.query(
      `INSERT INTO raw_horizons (tenant_id, raw_from) VALUES ($1, '2026-05-01T00:00Z')`,
      [other.tenantId],
    );
    const asked = { metric: 'play', by: 'app', from: '2026-03-25', to: '2026-03-26' };
    expect(await refusal({ ...asked, timeZone: 'Asia/Kolkata' })).toMatchObject({
      status: 400,
      code: 'before_raw_horizon',
    });
    expect((await refusal({ ...asked, timeZone: 'Europe/Berlin' })).status).toBe(200);
  });

  test.each<[string, Parameters, string, string]>([
    ['no metric', { metric: [] }, 'metric', 'invalid_input'],
    ['a metric that is none', { metric: 'fame' }, 'metric', 'invalid_input'],
    ['three groupings', { by: ['app', 'device', 'country'] }, 'by', 'invalid_input'],
    ['the same grouping twice', { by: ['app', 'app'] }, 'by', 'invalid_input'],
    ['a grouping that is none', { by: 'mood' }, 'by', 'invalid_input'],
    ['an interval that is none', { interval: 'minute' }, 'interval', 'invalid_input'],
    ['a zone that is none', { timeZone: 'Mars/Olympus' }, 'timeZone', 'invalid_input'],
    ['a podcast that is no id', { podcastId: 'x' }, 'podcastId', 'invalid_input'],
    ['an empty app', { app: '' }, 'app', 'invalid_input'],
    ['a country with a NUL', { country: 'D\u0000' }, 'country', 'invalid_input'],
    ['too many values', { app: Array.from({ length: 101 }, (_, n) => `app ${n}`) }, 'app', 'invalid_input'],
    ['an order that is none', { order: 'random' }, 'order', 'invalid_input'],
    ['a comparison that is none', { compare: 'next' }, 'compare', 'invalid_input'],
    ['a limit of 0', { limit: '0' }, 'limit', 'invalid_input'],
    ['a limit of 1001', { limit: '1001' }, 'limit', 'invalid_input'],
    ['a parameter that is none', { filter: 'app=x' }, 'filter', 'invalid_input'],
    ['a range that ends before it begins', { from: '2026-04-20' }, 'to', 'invalid_range'],
    ['a range that is not on slices', { from: '2026-03-20T00:01:00Z' }, 'from', 'unaligned_range'],
    ['too many buckets', { interval: 'hour', from: '2026-01-01' }, 'interval', 'too_many_buckets'],
    ['too many numbers', { interval: 'hour', limit: '1000' }, 'limit', 'too_many_points'],
    [
      'two dimensions of events',
      { metric: ['downloads', 'play'], by: ['app', 'country'] },
      'metric',
      'one_dimension_only',
    ],
    ['a cursor that is none', { cursor: 'x' }, 'cursor', 'invalid_cursor'],
  ])('%s is refused by name', async (_, asked, field, code) => {
    const whole = { metric: 'downloads', from: '2026-03-20', to: '2026-04-12', ...asked };
    const { status, body } = await get<{ code: string; detail: string }>('query', whole);
    expect({ status, body }).toMatchObject({ status: 400, body: { code } });
    expect(JSON.stringify(body)).toContain(`"${field}"`);
  });
});
