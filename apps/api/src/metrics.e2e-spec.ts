import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { MetricsModule, RefreshAggregates } from '@lib/metrics';
import { startTestApi, type TestApi } from '@lib/testing';
import { LazyModuleLoader } from '@nestjs/core';
import { createApi } from './create-api.js';

let api: TestApi;
let refresh: RefreshAggregates;
let network: Network;

/** A tenant with two podcasts of two episodes each. */
interface Network {
  tenantId: string;
  key: string;
  podcasts: string[];
  episodes: string[];
}

interface Point {
  start: string;
  startUtc: string;
  value: number;
}
interface Answer {
  asOf: string;
  timeZone: string;
  from: string;
  to: string;
  ruleSets: unknown[];
}
type Series = Answer & { series: { metric: string; evidence: string; points: Point[] }[] };
type Totals = Answer & {
  previous: { from: string; to: string } | null;
  totals: {
    metric: string;
    evidence: string;
    value: number;
    previousValue: number | null;
    change: number | null;
  }[];
};
type Recount = Answer & {
  equal: boolean;
  counts: { metric: string; evidence: string; rollup: number; raw: number; equal: boolean }[];
};
interface Ranking {
  metric: string;
  evidence: string;
  total: number;
  episodes: { rank: number; episodeId: string; title: string; value: number; share: number }[];
}

beforeAll(async () => {
  api = await startTestApi(createApi);
  await api.database.owner.query(`SELECT ensure_partitions('2026-03-23', '2026-11-02')`);
  const worker = await api.app.get(LazyModuleLoader).load(() => MetricsModule);
  refresh = worker.get(RefreshAggregates);
});
afterAll(() => api.close());
beforeEach(async () => {
  network = await createNetwork();
});

async function createNetwork(): Promise<Network> {
  const { tenantId, key } = await api.createTenant('Network');
  const podcasts = [randomUUID(), randomUUID()];
  const episodes = [1, 2, 3, 4].map((n) => `${n}0000000${randomUUID().slice(8)}`);
  await api.database.owner.query(
    `INSERT INTO podcasts (tenant_id, id, title) SELECT $1, id, 'Podcast' FROM unnest($2::uuid[]) id`,
    [tenantId, podcasts],
  );
  await api.database.owner.query(
    `INSERT INTO episodes (tenant_id, id, podcast_id, guid, title, published_at)
     SELECT $1, id, ($3::uuid[])[1 + (n - 1) / 2], id::text, 'Episode ' || n, '2026-01-01'::timestamptz + n * interval '1 day'
     FROM unnest($2::uuid[]) WITH ORDINALITY AS e (id, n)`,
    [tenantId, episodes, podcasts],
  );
  return { tenantId, key, podcasts, episodes };
}

/** Stores events of one kind, with their marks, as ingestion does. */
async function store(
  of: Network,
  times: string[],
  event: { episode?: number; type?: string; trusted?: boolean; bytes?: number | null } = {},
): Promise<void> {
  const { episode = 0, type = 'play', trusted = false, bytes = null } = event;
  await api.database.owner.query(
    `WITH stored AS (
       INSERT INTO listener_events (tenant_id, occurred_at, event_id, episode_id, received_at, payload_hash,
                                    payload_hash_version, trusted_sender, event_type, bytes_sent)
       SELECT $1, at, gen_random_uuid(), $3, now(), 0, 1, $5, $4, $6 FROM unnest($2::timestamptz[]) at
       RETURNING occurred_at
     )
     INSERT INTO dirty_buckets (tenant_id, kind, bucket)
     SELECT DISTINCT $1::uuid, 'slice', date_bin('5 minutes', occurred_at, 'epoch') FROM stored`,
    [of.tenantId, times, of.episodes[episode], type, trusted, bytes],
  );
}

/** One instant in every 5-minute slice of `[from, to)`: the count of a bucket is then its length. */
function everySlice(from: string, to: string): string[] {
  const slices = (Date.parse(to) - Date.parse(from)) / 300_000;
  return Array.from({ length: slices }, (_, n) =>
    new Date(Date.parse(from) + n * 300_000 + 7_000).toISOString(),
  );
}

/** A run ends after some seconds, which a slow machine may need more than once. */
async function refreshAll(): Promise<void> {
  while ((await refresh.run()).days > 0);
}

function get<Body>(path: string, query: Record<string, string | string[]>, key = network.key) {
  const search = new URLSearchParams();
  for (const [name, values] of Object.entries(query))
    for (const value of [values].flat()) search.append(name, value);
  return api.call<Body>('GET', `/v1/metrics/${path}?${search.toString()}`, { key });
}

async function series(query: Record<string, string | string[]>): Promise<Series> {
  const answer = await get<Series>('series', { metric: 'play', interval: 'day', ...query });
  expect(answer.status).toBe(200);
  return answer.body;
}

describe('a series', () => {
  test.each([
    ['Europe/Berlin', '2026-03-28', '2026-03-31', [24, 23, 24], '2026-03-29T00:00:00+01:00'],
    ['Europe/Berlin', '2026-10-24', '2026-10-27', [24, 25, 24], '2026-10-25T00:00:00+02:00'],
    ['Asia/Kolkata', '2026-03-28', '2026-03-31', [24, 24, 24], '2026-03-29T00:00:00+05:30'],
    ['Pacific/Kiritimati', '2026-03-28', '2026-03-31', [24, 24, 24], '2026-03-29T00:00:00+14:00'],
    ['Australia/Lord_Howe', '2026-04-04', '2026-04-07', [24, 24.5, 24], '2026-04-05T00:00:00+11:00'],
    ['Australia/Lord_Howe', '2026-10-03', '2026-10-06', [24, 23.5, 24], '2026-10-04T00:00:00+10:30'],
  ])('by day in %s from %s has days of the right length', async (timeZone, from, to, hours, secondDay) => {
    const margin = (date: string, days: number) =>
      new Date(Date.parse(date) + days * 86_400_000).toISOString();
    await store(network, everySlice(margin(from, -1), margin(to, 1)));
    await refreshAll();
    const days = await series({ timeZone, from, to });
    const { points } = days.series[0]!;
    expect(points.map(({ value }) => value / 12)).toEqual(hours);
    expect(points[1]!.start).toBe(secondDay);
    expect(Date.parse(points[1]!.start)).toBe(Date.parse(points[1]!.startUtc));
    // No gap and no overlap: local days add up to what the same instants hold in UTC, by whatever interval.
    const sum = points.reduce((total, { value }) => total + value, 0);
    for (const interval of ['hour', 'day', 'week', 'month']) {
      const utc = await series({ timeZone: 'UTC', from: days.from, to: days.to, interval });
      const local = await series({ timeZone, from, to, interval });
      for (const { series: answered } of [utc, local])
        expect(answered[0]!.points.reduce((total, { value }) => total + value, 0)).toBe(sum);
    }
  });

  test('by hour has both hours of a repeated one', async () => {
    await store(network, ['2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z', '2026-10-25T01:31:00Z']);
    await refreshAll();
    const { series: answered } = await series({
      timeZone: 'Europe/Berlin',
      from: '2026-10-25',
      to: '2026-10-26',
      interval: 'hour',
    });
    expect(answered[0]!.points).toHaveLength(25);
    expect(answered[0]!.points.slice(2, 4)).toEqual([
      { start: '2026-10-25T02:00:00+02:00', startUtc: '2026-10-25T00:00:00.000Z', value: 1 },
      { start: '2026-10-25T02:00:00+01:00', startUtc: '2026-10-25T01:00:00.000Z', value: 2 },
    ]);
  });

  test('by week begins on Monday, by month on the first, and the first bucket where the range does', async () => {
    await store(network, ['2026-03-29T21:59:59Z', '2026-03-29T22:00:00Z', '2026-04-01T00:00:00Z']);
    await refreshAll();
    const range = { timeZone: 'Europe/Berlin', from: '2026-03-27', to: '2026-04-07' };
    const values = async (interval: string) =>
      (await series({ ...range, interval })).series[0]!.points.map(({ start, value }) => [
        start.slice(0, 10),
        value,
      ]);
    expect(await values('week')).toEqual([
      ['2026-03-27', 1],
      ['2026-03-30', 2],
      ['2026-04-06', 0],
    ]);
    expect(await values('month')).toEqual([
      ['2026-03-27', 2],
      ['2026-04-01', 1],
    ]);
  });

  test('cuts a range within a day exactly', async () => {
    await store(network, everySlice('2026-03-28T00:00:00Z', '2026-03-29T00:00:00Z'));
    await refreshAll();
    const { series: answered } = await series({
      timeZone: 'UTC',
      from: '2026-03-28T00:05:00Z',
      to: '2026-03-28T21:10:00Z',
    });
    expect(answered[0]!.points).toEqual([
      { start: '2026-03-28T00:05:00+00:00', startUtc: '2026-03-28T00:05:00.000Z', value: 21 * 12 + 1 },
    ]);
  });

  test('keeps levels of evidence apart, and shows those without events', async () => {
    const at = ['2026-03-28T10:00:00Z'];
    await store(network, at, { type: 'download_request', trusted: true, bytes: 5_000 });
    await store(network, at, { type: 'download_request', trusted: true });
    await store(network, at, { type: 'download_request', bytes: 5_000 });
    await refreshAll();
    const range = { timeZone: 'UTC', from: '2026-03-28', to: '2026-03-30' };
    const both = await series({ ...range, metric: ['ad_play', 'download_request'] });
    expect(both.ruleSets).toEqual([]);
    expect(
      both.series.map(({ metric, evidence, points }) => [metric, evidence, points.map((each) => each.value)]),
    ).toEqual([
      ['download_request', 'origin_bytes', [1, 0]],
      ['download_request', 'prefix_only', [2, 0]],
      ['ad_play', 'client_confirmed', [0, 0]],
    ]);
    const one = await series({ ...range, metric: 'download_request', evidence: 'prefix_only' });
    expect(one.series.map(({ evidence }) => evidence)).toEqual(['prefix_only']);
  });

  test('narrows to a podcast and to an episode', async () => {
    for (const episode of [0, 1, 1, 3]) await store(network, ['2026-03-28T10:00:00Z'], { episode });
    await refreshAll();
    const count = async (scope: Record<string, string>) =>
      (await series({ timeZone: 'UTC', from: '2026-03-28', to: '2026-03-29', ...scope })).series[0]!
        .points[0]!.value;
    expect(await count({})).toBe(4);
    expect(await count({ podcastId: network.podcasts[0]! })).toBe(3);
    expect(await count({ podcastId: network.podcasts[1]! })).toBe(1);
    expect(await count({ episodeId: network.episodes[1]! })).toBe(2);
    expect(await count({ podcastId: network.podcasts[0]!, episodeId: network.episodes[1]! })).toBe(2);
  });

  test('is cut in the tenant’s own time zone unless another is asked for', async () => {
    await api.call('PATCH', '/v1/tenant', { key: network.key, body: { timeZone: 'Asia/Kolkata' } });
    const answer = await series({ from: '2026-03-28', to: '2026-03-29' });
    expect(answer).toMatchObject({ timeZone: 'Asia/Kolkata', from: '2026-03-27T18:30:00.000Z' });
  });

  test('shows an event that came in over the API once it is refreshed', async () => {
    const occurredAt = new Date(Date.now() - 60_000);
    const stored = await api.call<{ accepted: number }>('POST', '/v1/events/batch', {
      key: network.key,
      body: {
        events: [{ id: randomUUID(), type: 'play', occurredAt, episodeId: network.episodes[0] }],
      },
    });
    expect(stored.body).toMatchObject({ accepted: 1 });
    const day = (offset: number) => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);
    const total = async () =>
      (await series({ timeZone: 'UTC', from: day(-1), to: day(1) })).series[0]!.points.reduce(
        (sum, { value }) => sum + value,
        0,
      );
    expect(await total()).toBe(0);
    await refreshAll();
    expect(await total()).toBe(1);
  });
});

describe('freshness', () => {
  const range = { timeZone: 'UTC', from: '2026-03-28', to: '2026-03-29' };

  test('reaches back to the oldest mark of the range that waits, and to now without one', async () => {
    await store(network, ['2026-03-28T10:00:00Z', '2026-03-28T11:00:00Z', '2026-03-29T10:00:00Z']);
    await api.database.owner.query(
      `UPDATE dirty_buckets SET marked_at = '2026-04-01T12:00:00.123456Z'::timestamptz
         - CASE WHEN bucket < '2026-03-29' THEN interval '1 hour' ELSE interval '2 hours' END WHERE tenant_id = $1`,
      [network.tenantId],
    );
    expect((await series(range)).asOf).toBe('2026-04-01T11:00:00.123Z');
    await refreshAll();
    const before = Date.now();
    const { asOf } = await series(range);
    expect(Date.parse(asOf)).toBeGreaterThan(before - 1_000);
    expect(Date.parse(asOf)).toBeLessThanOrEqual(Date.now());
  });

  test('of a comparison covers the range before too', async () => {
    await store(network, ['2026-03-27T10:00:00Z']);
    await api.database.owner.query(
      `UPDATE dirty_buckets SET marked_at = '2026-04-01T12:00:00Z' WHERE tenant_id = $1`,
      [network.tenantId],
    );
    const asOf = async (query: object) => (await get<Totals>('totals', { ...range, ...query })).body.asOf;
    expect(await asOf({ compare: 'previous' })).toBe('2026-04-01T12:00:00.000Z');
    expect(await asOf({})).not.toBe('2026-04-01T12:00:00.000Z');
  });
});

describe('totals', () => {
  test('name every metric and compare with as many local days before', async () => {
    // The 29th has 23 hours in Berlin: the seven days before the 30th begin on the 23rd at 00:00, an hour later in UTC.
    await store(network, ['2026-03-29T22:00:00Z', '2026-03-30T05:00:00Z', '2026-03-31T05:00:00Z']);
    await store(network, ['2026-03-29T21:59:00Z', '2026-03-28T23:00:00Z']);
    await store(network, ['2026-03-30T05:00:00Z'], { type: 'ad_play' });
    await refreshAll();
    const { body } = await get<Totals>('totals', {
      timeZone: 'Europe/Berlin',
      from: '2026-03-30',
      to: '2026-04-01',
      compare: 'previous',
    });
    expect(body.previous).toEqual({ from: '2026-03-27T23:00:00.000Z', to: '2026-03-29T22:00:00.000Z' });
    expect(body.totals).toHaveLength(13);
    const total = (metric: string) => body.totals.find((each) => each.metric === metric);
    expect(total('play')).toMatchObject({ value: 3, previousValue: 2, change: 0.5 });
    expect(total('ad_play')).toMatchObject({ value: 1, previousValue: 0, change: null });
    expect(total('seek')).toMatchObject({ value: 0, previousValue: 0, change: null });
  });

  test('stand alone when nothing is compared', async () => {
    const { body } = await get<Totals>('totals', { from: '2026-03-30', to: '2026-04-01' });
    expect(body.previous).toBeNull();
    expect(body.totals[0]).toMatchObject({ value: 0, previousValue: null, change: null });
  });
});

describe('the top episodes', () => {
  test('are ranked with their share, ties by date of publication', async () => {
    const counts = [2, 3, 2, 1];
    for (const [episode, count] of counts.entries())
      await store(network, new Array<string>(count).fill('2026-03-28T10:00:00Z'), { episode });
    await store(network, ['2026-03-28T10:00:00Z'], { episode: 3, type: 'pause' });
    await refreshAll();
    const query = { metric: 'play', timeZone: 'UTC', from: '2026-03-28', to: '2026-03-29' };
    const { body } = await get<{ rankings: Ranking[] }>('top-episodes', { ...query, limit: '3' });
    expect(body.rankings).toEqual([
      {
        metric: 'play',
        evidence: 'client_confirmed',
        core: false,
        total: 8,
        episodes: [
          ranked(1, 1, 3, 3 / 8),
          // Later published first.
          ranked(2, 2, 2, 2 / 8),
          ranked(2, 0, 2, 2 / 8),
        ],
      },
    ]);
    const narrowed = await get<{ rankings: Ranking[] }>('top-episodes', {
      ...query,
      podcastId: network.podcasts[1]!,
    });
    expect(narrowed.body.rankings[0]!.episodes.map(({ rank, share }) => [rank, share])).toEqual([
      [1, 2 / 3],
      [2, 1 / 3],
    ]);
  });

  test('are ranked for each level of evidence', async () => {
    const at = ['2026-03-28T10:00:00Z'];
    await store(network, [...at, ...at], { type: 'download_request' });
    await store(network, at, { type: 'download_request', trusted: true, bytes: 1, episode: 1 });
    await refreshAll();
    const { body } = await get<{ rankings: Ranking[] }>('top-episodes', {
      metric: 'download_request',
      from: '2026-03-28',
      to: '2026-03-29',
    });
    expect(body.rankings.map(({ evidence, total, episodes }) => [evidence, total, episodes.length])).toEqual([
      ['origin_bytes', 1, 1],
      ['prefix_only', 2, 1],
    ]);
  });

  function ranked(rank: number, episode: number, value: number, share: number): object {
    return {
      rank,
      episodeId: network.episodes[episode],
      podcastId: network.podcasts[Math.floor(episode / 2)],
      title: `Episode ${episode + 1}`,
      publishedAt: `2026-01-0${episode + 2}T00:00:00.000Z`,
      value,
      share,
    };
  }
});

describe('a recount', () => {
  const range = { timeZone: 'UTC', from: '2026-03-28', to: '2026-03-29' };

  test('agrees with the rollups, except for events that asOf does not cover yet', async () => {
    await store(network, ['2026-03-28T10:00:00Z', '2026-03-28T10:00:00Z']);
    const waiting = await get<Recount>('recount', range);
    const play = (answer: Recount) => answer.counts.find(({ metric }) => metric === 'play');
    expect(play(waiting.body)).toMatchObject({ rollup: 0, raw: 2, equal: false });
    expect(waiting.body.equal).toBe(false);
    await refreshAll();
    const done = await get<Recount>('recount', { ...range, episodeId: network.episodes[0]! });
    expect(play(done.body)).toMatchObject({ rollup: 2, raw: 2, equal: true });
    expect(done.body).toMatchObject({ equal: true });
    const other = await get<Recount>('recount', { ...range, podcastId: network.podcasts[1]! });
    expect(play(other.body)).toMatchObject({ rollup: 0, raw: 0 });
  });

  test('finds a rollup that is wrong', async () => {
    await store(network, ['2026-03-28T10:00:00Z']);
    await refreshAll();
    await api.database.owner.query(
      `UPDATE listener_totals SET value = 7 WHERE tenant_id = $1 AND grain = 'day'`,
      [network.tenantId],
    );
    expect((await get<Recount>('recount', range)).body.equal).toBe(false);
  });

  test('does not reach behind the raw events that are kept', async () => {
    await api.database.owner.query(
      `INSERT INTO raw_horizons (tenant_id, raw_from) VALUES ($1, '2026-03-28T12:00Z')`,
      [network.tenantId],
    );
    expect((await get('recount', range)).body).toMatchObject({ status: 400, code: 'before_raw_horizon' });
  });
});

describe('refusals', () => {
  const routes: [string, Record<string, string>][] = [
    ['series', { metric: 'play', interval: 'day' }],
    ['totals', {}],
    ['top-episodes', { metric: 'play' }],
    ['recount', {}],
  ];
  const range = { timeZone: 'UTC', from: '2026-03-28', to: '2026-03-29' };

  test.each(routes)('%s shows nothing of another tenant', async (path, query) => {
    await store(network, ['2026-03-28T10:00:00Z']);
    await refreshAll();
    const stranger = await createNetwork();
    const { status, body } = await get<object>(path, { ...query, ...range }, stranger.key);
    expect(status).toBe(200);
    expect(JSON.stringify(body)).not.toMatch(/"(value|rollup|raw|total)":[1-9]/);
  });

  test.each(routes)(
    '%s answers for another tenant’s podcast as for one that nobody has',
    async (path, query) => {
      const stranger = await createNetwork();
      const ask = async (scope: Record<string, string>) => {
        const { status, body } = await get<object>(path, { ...query, ...range, ...scope });
        return { status, ...body, requestId: '' };
      };
      const theirs = await ask({ podcastId: stranger.podcasts[0]! });
      expect(theirs).toMatchObject({ status: 404, code: 'podcast_not_found' });
      expect(theirs).toEqual(await ask({ podcastId: randomUUID() }));
      if (path === 'top-episodes') return;
      const theirEpisode = await ask({ episodeId: stranger.episodes[0]! });
      expect(theirEpisode).toMatchObject({ status: 404, code: 'episode_not_found' });
      expect(theirEpisode).toEqual(await ask({ episodeId: randomUUID() }));
      expect(theirEpisode).toEqual(
        await ask({ podcastId: network.podcasts[1]!, episodeId: network.episodes[0]! }),
      );
    },
  );

  test.each(routes)('%s needs a key that may read', async (path, query) => {
    const ingest = await api.call<{ credential: string }>('POST', '/v1/keys', {
      key: network.key,
      body: { name: 'Events', scopes: ['ingest'] },
    });
    expect((await get(path, { ...query, ...range }, ingest.body.credential)).status).toBe(403);
    expect((await get(path, { ...query, ...range }, 'nothing')).status).toBe(401);
  });

  test.each([
    [{ interval: 'hour', from: '2026-01-01', to: '2026-03-01' }, 'too_many_buckets', 'interval=day'],
    [{ interval: 'day', from: '2020-01-01', to: '2026-01-01' }, 'too_many_buckets', 'interval=week'],
    [{ interval: 'month', from: '2010-01-01', to: '2026-01-01' }, 'range_too_long', '10 years'],
    [{ from: '2026-03-29', to: '2026-03-28' }, 'invalid_range', 'later than from'],
    [{ from: '2026-03-28T00:01:00Z' }, 'unaligned_range', '2026-03-28T00:00:00.000Z'],
    [{ from: '2026-02-29' }, 'invalid_range', '2026-03-29'],
    [{ timeZone: 'Mars/Olympus' }, 'invalid_input', 'timeZone'],
    [{ metric: 'hearts' }, 'invalid_input', 'metric'],
    [{ interval: 'year' }, 'invalid_input', 'interval'],
    [{ evidence: 'none' }, 'invalid_input', 'evidence'],
    [{ podcastId: 'x' }, 'invalid_input', 'podcastId'],
    [{ unknown: '1' }, 'invalid_input', 'unknown'],
  ])('a series of %o is refused as %s and says what to do', async (query, code, hint) => {
    const { body } = await get<{ code: string; detail: string }>('series', {
      metric: 'play',
      interval: 'day',
      ...range,
      ...query,
    });
    expect(body).toMatchObject({ status: 400, code });
    expect(body.detail).toContain(hint);
  });

  test('a recount of more than 31 days is refused', async () => {
    const { body } = await get('recount', { from: '2026-03-01', to: '2026-05-01' });
    expect(body).toMatchObject({ status: 400, code: 'range_too_long' });
  });
});
