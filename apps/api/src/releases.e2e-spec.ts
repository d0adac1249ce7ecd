import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MetricsModule, RefreshAggregates, RefreshReleaseCurves } from '@lib/metrics';
import { DAY_MS, HOUR_MS, MINUTE_MS, SLICE_MS } from '@lib/primitives';
import { createTestRuleSet, SeededRandom, startTestApi, type TestApi } from '@lib/testing';
import { LazyModuleLoader } from '@nestjs/core';
import { createApi } from './create-api.js';

const EVIDENCE = ['origin_bytes', 'prefix_only'] as const;
type Evidence = (typeof EVIDENCE)[number];
const HORIZONS = [1, 7, 30, 60, 90];

interface Download {
  at: number;
  episodeId: string;
  evidence: Evidence;
}
interface Episode {
  id: string;
  podcastId: string;
  published: number | null;
}
/** A tenant, and everything that was stored for it. */
interface Network {
  tenantId: string;
  key: string;
  ruleSetId: string;
  episodes: Episode[];
  downloads: Download[];
}

let api: TestApi;
let jobs: { run(): Promise<{ days: number; failed: number }> }[];

beforeAll(async () => {
  api = await startTestApi(createApi);
  const worker = await api.app.get(LazyModuleLoader).load(() => MetricsModule);
  jobs = [worker.get(RefreshAggregates), worker.get(RefreshReleaseCurves)];
});
afterAll(() => api.close());

/** Ages are counted from the quarter of an hour of publication. */
const quarter = (at: number) => Math.floor(at / (15 * MINUTE_MS)) * 15 * MINUTE_MS;
const change = (text: string, params: unknown[]) => api.database.owner.query(text, params);

async function refreshAll(): Promise<void> {
  for (const job of jobs) while ((await job.run()).days > 0);
}

async function createNetwork(): Promise<Network> {
  const { tenantId, key } = await api.createTenant('Network');
  const ruleSetId = await createTestRuleSet(api.database, tenantId, '1.0.0');
  return { tenantId, key, ruleSetId, episodes: [], downloads: [] };
}

async function addPodcast(network: Network, published: readonly (number | null)[]): Promise<Episode[]> {
  const podcastId = randomUUID();
  const episodes = published.map((at) => ({ id: randomUUID(), podcastId, published: at }));
  network.episodes.push(...episodes);
  await change(`INSERT INTO podcasts (tenant_id, id, title) VALUES ($1, $2, 'Podcast')`, [
    network.tenantId,
    podcastId,
  ]);
  await change(
    `INSERT INTO episodes (tenant_id, id, podcast_id, guid, title, published_at)
     SELECT $1, id, $2, id::text, 'Episode', at FROM unnest($3::uuid[], $4::timestamptz[]) AS e (id, at)`,
    [
      network.tenantId,
      podcastId,
      episodes.map(({ id }) => id),
      published.map((at) => (at === null ? null : new Date(at))),
    ],
  );
  return episodes;
}

async function store(network: Network, downloads: readonly Download[]): Promise<void> {
  network.downloads.push(...downloads);
  const podcastOf = new Map(network.episodes.map(({ id, podcastId }) => [id, podcastId]));
  await change(
    `INSERT INTO downloads (tenant_id, rule_set_id, settled_day, address_day_id, download_id, occurred_at, settled_at,
                            podcast_id, episode_id, listener_id, evidence, app, device, country)
     SELECT $1, $2, (at AT TIME ZONE 'UTC')::date, 1, gen_random_uuid(), at, at, podcast, episode, 1, evidence, 'x', 'x', ''
     FROM unnest($3::timestamptz[], $4::uuid[], $5::uuid[], $6::text[]) AS d (at, podcast, episode, evidence)`,
    [
      network.tenantId,
      network.ruleSetId,
      downloads.map(({ at }) => new Date(at)),
      downloads.map(({ episodeId }) => podcastOf.get(episodeId)),
      downloads.map(({ episodeId }) => episodeId),
      downloads.map(({ evidence }) => evidence),
    ],
  );
  await change(
    `INSERT INTO counted_days (tenant_id, day, rule_set_id, files_as_of)
     SELECT DISTINCT $1::uuid, settled_day, $2::uuid, now() FROM downloads WHERE tenant_id = $1 ON CONFLICT DO NOTHING`,
    [network.tenantId, network.ruleSetId],
  );
  await change(
    `INSERT INTO dirty_buckets (tenant_id, kind, bucket)
     SELECT DISTINCT $1::uuid, 'slice', date_bin('5 minutes', at, 'epoch') FROM unnest($2::timestamptz[]) AS at`,
    [network.tenantId, downloads.map(({ at }) => new Date(at))],
  );
}

function get<Body>(network: Network, path: string, query: Record<string, string | number | string[]>) {
  const search = new URLSearchParams();
  for (const [name, values] of Object.entries(query))
    for (const value of [values].flat()) search.append(name, String(value));
  return api.call<Body>('GET', `/v1/metrics/${path}?${search.toString()}`, { key: network.key });
}

/** Downloads of an episode at one level in `[from, to)` of its age. */
const within = (
  { downloads }: Network,
  { id, published }: Episode,
  evidence: Evidence,
  from: number,
  to: number,
) =>
  published === null
    ? 0
    : downloads.filter(
        ({ at, episodeId, evidence: level }) =>
          episodeId === id &&
          level === evidence &&
          at >= quarter(published) + from &&
          at < quarter(published) + to,
      ).length;

/** By the definition: position p · (n + 1) of the ordered list, straight between neighbours. */
function quantile(values: readonly number[], p: number): number {
  const ordered = [...values].sort((a, b) => a - b);
  const position = Math.min(Math.max(p * (values.length + 1), 1), values.length) - 1;
  const [low, high] = [ordered[Math.floor(position)]!, ordered[Math.ceil(position)]!];
  return low + (high - low) * (position - Math.floor(position));
}

describe('a network of the last months', () => {
  let network: Network;
  let often: Episode[];
  let seldom: Episode[];
  const now = Date.now();

  beforeAll(async () => {
    network = await createNetwork();
    const random = new SeededRandom(7, 'releases');
    const ago = (days: number) => now - days * DAY_MS - 30 * MINUTE_MS;
    often = await addPodcast(network, [
      ...Array.from({ length: 16 }, (_, n) => ago(1 + 2 * n) - random.integer(0, 250) * SLICE_MS * (n % 3)),
      null,
      now + 3 * DAY_MS,
    ]);
    seldom = await addPodcast(network, [ago(2), ago(33), ago(95), ago(400)]);
    const downloads = [...often, ...seldom].flatMap(({ id, published }, n) =>
      Array.from({ length: 60 + 15 * (n % 4) }, (): Download => {
        const age = random.next() ** 4 * 34 * DAY_MS - (random.chance(0.05) ? DAY_MS : 0);
        const at = Math.min(
          Math.floor((published ?? now) + age),
          now - 2 * HOUR_MS - random.integer(0, HOUR_MS),
        );
        return { at, episodeId: id, evidence: random.chance(0.8) ? 'prefix_only' : 'origin_bytes' };
      }),
    );
    await store(network, downloads);
    await refreshAll();
  });

  interface Releases {
    items: {
      episodeId: string;
      startedAt: string;
      levels: { evidence: Evidence; soFar: number; horizons: Record<string, number | null>[] }[];
    }[];
    next: string | null;
    ruleSets: { id: string }[];
    from: string;
    asOf: string;
  }

  function benchmarksByHand(episode: Episode, evidence: Evidence) {
    return HORIZONS.map((days) => {
      const reached = (each: Episode) => within(network, each, evidence, 0, days * DAY_MS);
      const passed = ({ published }: Episode) =>
        published !== null && quarter(published) + days * DAY_MS <= now;
      const peers = network.episodes
        .filter(
          ({ podcastId, published }) => podcastId === episode.podcastId && published! < episode.published!,
        )
        .filter(passed)
        .map(reached);
      const own = passed(episode) ? reached(episode) : null;
      const lower =
        peers.filter((each) => each < own!).length + peers.filter((each) => each === own).length / 2;
      return {
        days,
        downloads: own,
        percentile: own === null || peers.length === 0 ? null : lower / peers.length,
        median: peers.length === 0 ? null : quantile(peers, 0.5),
        comparedWith: peers.length,
      };
    });
  }

  test.each([
    ['the network', false],
    ['a podcast', true],
  ])('releases of %s are what downloads say', async (_, one) => {
    const scope: Record<string, string> = one ? { podcastId: seldom[0]!.podcastId } : {};
    const items: Releases['items'] = [];
    let page: Releases | undefined;
    do {
      const cursor: Record<string, string> = page?.next ? { cursor: page.next } : {};
      const answer = await get<Releases>(network, 'releases', { ...scope, limit: 6, ...cursor });
      expect(answer.status).toBe(200);
      page = answer.body;
      items.push(...page.items);
    } while (page.next !== null);
    expect(page.ruleSets.map(({ id }) => id)).toEqual([network.ruleSetId]);
    expect(page.from).toBe(items.at(-1)!.startedAt);
    const expected = (one ? seldom : network.episodes)
      .filter(({ published }) => published !== null && published <= now)
      .sort((a, b) => b.published! - a.published!);
    expect(items.map(({ episodeId }) => episodeId)).toEqual(expected.map(({ id }) => id));
    for (const [n, { levels, startedAt }] of items.entries()) {
      expect(Date.parse(startedAt)).toBe(quarter(expected[n]!.published!));
      expect(levels.map(({ evidence }) => evidence)).toEqual([...EVIDENCE]);
      for (const { evidence, soFar, horizons } of levels) {
        expect(soFar).toBe(within(network, expected[n]!, evidence, 0, 366 * DAY_MS));
        expect(horizons).toEqual(benchmarksByHand(expected[n]!, evidence));
      }
    }
  });

  test('releases of one podcast do not go on with the cursor of another list', async () => {
    const { body } = await get<Releases>(network, 'releases', { limit: 1 });
    const podcastId = seldom[0]!.podcastId;
    expect((await get(network, 'releases', { podcastId, cursor: body.next! })).body).toMatchObject({
      code: 'invalid_cursor',
    });
    expect((await get(network, 'releases', { podcastId: randomUUID() })).body).toMatchObject({
      code: 'podcast_not_found',
    });
  });

  test('release curves add up what downloads say, beside their shows', async () => {
    const asked = [often[0]!, often[9]!, seldom[1]!, often.at(-2)!];
    const { status, body } = await get<{
      episodes: {
        episodeId: string;
        levels: { evidence: Evidence; soFar: number; hourly: number[]; daily: number[] }[];
      }[];
      shows: {
        podcastId: string;
        levels: { evidence: Evidence; points: Record<string, number>[] }[];
      }[];
    }>(network, 'release-curve', { episodeId: asked.map(({ id }) => id), days: 40 });
    expect(status).toBe(200);
    const curve = (episode: Episode, evidence: Evidence, step: number, most: number) =>
      Array.from(
        {
          length:
            episode.published === null
              ? 0
              : Math.min(Math.floor((now - quarter(episode.published)) / step), most),
        },
        (_, n) => within(network, episode, evidence, 0, (n + 1) * step),
      );
    expect(body.episodes).toHaveLength(4);
    for (const { episodeId, levels } of body.episodes)
      for (const level of levels) {
        const episode = asked.find(({ id }) => id === episodeId)!;
        expect(level.hourly).toEqual(curve(episode, level.evidence, HOUR_MS, 168));
        expect(level.daily).toEqual(curve(episode, level.evidence, DAY_MS, 40));
        expect(level.soFar).toBe(within(network, episode, level.evidence, 0, 40 * DAY_MS));
      }
    for (const { podcastId, levels } of body.shows)
      for (const { evidence, points } of levels) {
        const others = network.episodes.filter(
          (each) =>
            each.podcastId === podcastId &&
            !asked.includes(each) &&
            each.published !== null &&
            each.published < now,
        );
        const curves = others.map((each) => curve(each, evidence, DAY_MS, 40));
        expect(points).toHaveLength(Math.max(...curves.map(({ length }) => length)));
        for (const [n, point] of points.entries()) {
          const values = curves.flatMap((each) => each[n] ?? []);
          expect(point).toEqual({
            days: n + 1,
            episodes: values.length,
            lowerQuartile: quantile(values, 0.25),
            median: quantile(values, 0.5),
            upperQuartile: quantile(values, 0.75),
          });
        }
      }
    expect(body.shows).toHaveLength(2);
  });

  interface Forecasts {
    asOf: string;
    levels: { evidence: Evidence; soFar: number; forecast: Record<string, unknown> }[];
  }

  test.each([0, 1, 2, 9, 16, 17])('the forecast of episode %i is its own decay by hand', async (n) => {
    const episode = often[n]!;
    const { body } = await get<Forecasts>(network, 'forecast', { episodeId: episode.id, days: 7 });
    const start = episode.published !== null && episode.published < now ? quarter(episode.published) : null;
    const age = start === null ? null : quarter(Date.parse(body.asOf)) - start;
    const peers = often.filter(
      ({ id, published }) =>
        id !== episode.id &&
        published !== null &&
        published < (start ?? now) &&
        quarter(published) + 7 * DAY_MS <= now,
    );
    expect(body.levels.map(({ evidence }) => evidence)).toEqual([...EVIDENCE]);
    for (const { evidence, soFar, forecast } of body.levels) {
      expect(soFar).toBe(age === null ? 0 : within(network, episode, evidence, 0, Math.min(age, 7 * DAY_MS)));
      const past = peers
        .map((each) => ({
          reached: within(network, each, evidence, 0, age ?? 0),
          total: within(network, each, evidence, 0, 7 * DAY_MS),
        }))
        .filter(({ total }) => total >= 10);
      if (age !== null && age >= 7 * DAY_MS) expect(forecast).toEqual({ status: 'complete' });
      else if (past.length < 9 || (age !== null && soFar < 10)) {
        expect(forecast).toMatchObject({ status: 'not_enough_data' });
        expect(JSON.stringify(forecast)).not.toMatch(/expected|lower|upper/);
      } else if (age === null) {
        const totals = past.map(({ total }) => total);
        expect(forecast).toMatchObject({ reachedShare: null, episodes: past.length });
        expect(forecast.downloads).toEqual({
          expected: Math.round(quantile(totals, 0.5)),
          lower: Math.floor(quantile(totals, 0.1)),
          upper: Math.ceil(quantile(totals, 0.9)),
        });
      } else {
        const shares = past.map(({ reached, total }) => reached / total);
        expect(forecast.downloads).toEqual({
          expected: Math.round(soFar / quantile(shares, 0.5)),
          lower: Math.floor(soFar / quantile(shares, 0.9)),
          upper: Math.ceil(soFar / quantile(shares, 0.1)),
        });
      }
    }
    const statuses = body.levels.map(({ forecast }) => forecast.status);
    expect(statuses).toContain({ 9: 'complete' }[n] ?? 'forecast');
  });

  test('a forecast goes by whole days of age where retention has removed finer counts', async () => {
    const isRunning = ({ published }: Episode) =>
      published !== null && published < now - DAY_MS && quarter(published) > now - 7 * DAY_MS;
    const horizon = new Date(quarter(now) - DAY_MS - HOUR_MS);
    await change('INSERT INTO retention_horizons (tenant_id, slices_from, hours_from) VALUES ($1, $2, $2)', [
      network.tenantId,
      horizon,
    ]);
    await change('UPDATE aggregate_watermarks SET version = version + 1 WHERE tenant_id = $1', [
      network.tenantId,
    ]);
    const running = often.filter(isRunning);
    expect(running.length).toBeGreaterThan(0);
    let foretold = 0;
    for (const episode of running) {
      const { status, body } = await get<Forecasts>(network, 'forecast', { episodeId: episode.id, days: 7 });
      expect(status).toBe(200);
      const start = quarter(episode.published!);
      const age = quarter(Date.parse(body.asOf)) - start;
      const wholeDays = age - (age % DAY_MS);
      const peers = often.filter(
        ({ published }) =>
          published !== null && quarter(published) < start && quarter(published) + 7 * DAY_MS <= now,
      );
      for (const { evidence, soFar, forecast } of body.levels) {
        expect(soFar).toBe(within(network, episode, evidence, 0, age));
        const shares = peers
          .map((each) => [wholeDays, 7 * DAY_MS].map((to) => within(network, each, evidence, 0, to)))
          .filter(([, total]) => total! >= 10)
          .map(([reached, total]) => reached! / total!);
        const reached = within(network, episode, evidence, 0, wholeDays);
        if (shares.length < 9 || reached < 10) continue;
        foretold += 1;
        expect(forecast).toMatchObject({
          episodes: shares.length,
          downloads: { expected: Math.round(reached / quantile(shares, 0.5)) },
        });
      }
    }
    expect(foretold).toBeGreaterThan(0);
    await change('DELETE FROM retention_horizons WHERE tenant_id = $1', [network.tenantId]);
  });

  test('a forecast of a show with few episodes says what is missing', async () => {
    const { body } = await get<Forecasts>(network, 'forecast', { episodeId: seldom[0]!.id, days: 30 });
    expect(body.levels[1]!.forecast).toEqual({
      status: 'not_enough_data',
      missing: [{ what: 'completed_episodes', have: 3, need: 9 }],
      episodes: 3,
    });
  });

  test('an answer stands until a number, a date or the list of releases changes', async () => {
    const own = await createNetwork();
    const [first] = await addPodcast(own, [Date.now() - 5 * DAY_MS]);
    const download = (daysAgo: number) =>
      store(own, [{ at: now - daysAgo * DAY_MS, episodeId: first!.id, evidence: 'prefix_only' }]);
    await download(4);
    await refreshAll();
    const range = { from: '2026-03-01', to: '2026-03-02', podcastId: first!.podcastId };
    const questions: [string, Record<string, string | number>][] = [
      ['releases', {}],
      ['release-curve', { episodeId: first!.id }],
      ['forecast', { episodeId: first!.id, days: 7 }],
      ['back-catalogue', range],
    ];
    const tags = async () => {
      const answers = await Promise.all(questions.map(([path, query]) => get(own, path, query)));
      return answers.map(({ headers }) => headers['etag']);
    };
    const [before, again] = [await tags(), await tags()];
    expect(before).toEqual(questions.map(() => expect.stringMatching(/^W\//)));
    expect(again).toEqual(before);
    await download(3);
    await refreshAll();
    const changed = (await tags()).map((tag, n) => tag !== before[n]);
    expect(changed).toEqual([true, true, true, false]);
    // Nothing is written when it is published: only its time comes.
    const soon = Date.now() + 1_500;
    await addPodcast(own, [soon]);
    await api.call('PATCH', `/v1/episodes/${first!.id}`, { key: own.key, body: { title: 'Seen' } });
    const count = async () => (await get<Releases>(own, 'releases', {})).body.items.length;
    expect(await count()).toBe(1);
    await new Promise((done) => setTimeout(done, soon + 200 - Date.now()));
    expect(await count()).toBe(2);
  });

  test('what retention has removed is refused or left out, and named', async () => {
    const own = await createNetwork();
    const [old, older, young] = await addPodcast(own, [
      now - 400 * DAY_MS,
      now - 800 * DAY_MS,
      now - 30 * DAY_MS,
    ]);
    const horizon = (days: number) => new Date(quarter(now) - days * DAY_MS);
    await change(`INSERT INTO retention_horizons (tenant_id, days_from, months_from) VALUES ($1, $2, $3)`, [
      own.tenantId,
      horizon(20),
      horizon(300),
    ]);
    const refused = { status: 400, body: { code: 'release_not_kept' } };
    const ask = (path: string, episode: Episode, more: Record<string, string | number>) =>
      get(own, path, { episodeId: episode.id, ...more });
    expect(await ask('release-curve', old!, {})).toMatchObject(refused);
    expect((await ask('release-curve', young!, {})).status).toBe(200);
    expect((await ask('forecast', old!, { days: 30 })).status).toBe(200);
    expect(await ask('forecast', older!, { days: 30 })).toMatchObject(refused);
    const { body } = await get<Releases & { goneUntil: string }>(own, 'releases', {});
    expect(body.items.map(({ episodeId }) => episodeId)).toEqual([young!.id, old!.id]);
    expect(body.items.map(({ levels }) => levels)).toEqual([[], []]);
    expect(body.goneUntil).toBe(new Date(quarter(now) - 666 * DAY_MS).toISOString());
  });

  test('a new date of publication, by hand, moves the curve', async () => {
    const [episode] = await addPodcast(network, [now - 5 * DAY_MS]);
    const at = now - 3 * DAY_MS - HOUR_MS;
    await store(network, [{ at, episodeId: episode!.id, evidence: 'prefix_only' }]);
    await refreshAll();
    const daily = async () =>
      (
        await get<{ episodes: { levels: { daily: number[] }[] }[] }>(network, 'release-curve', {
          episodeId: episode!.id,
        })
      ).body.episodes[0]!.levels[1]!.daily;
    expect(await daily()).toEqual([0, 1, 1, 1, 1]);
    const changed = await api.call('PATCH', `/v1/episodes/${episode!.id}`, {
      key: network.key,
      body: { publishedAt: new Date(now - 4 * DAY_MS).toISOString() },
    });
    expect(changed.status).toBe(200);
    await refreshAll();
    expect(await daily()).toEqual([1, 1, 1, 1]);
  });

  test('a new date of publication in the feed moves the curve', async () => {
    const publish = async (days: number) => {
      const date = new Date(now - days * DAY_MS).toUTCString();
      const item = `<item><title>One</title><guid>one</guid><pubDate>${date}</pubDate>
        <enclosure url="https://media.example/one.mp3" length="1" type="audio/mpeg"/></item>`;
      const { status, body } = await api.call<{ podcastId: string }>(
        'POST',
        '/v1/podcasts/import-feed/upload',
        {
          key: network.key,
          headers: { 'content-type': 'application/rss+xml' },
          body: `<rss version="2.0"><channel><title>Fed</title><link>https://fed.example/</link>${item}</channel></rss>`,
        },
      );
      expect(status).toBeLessThan(300);
      return body.podcastId;
    };
    const podcastId = await publish(5);
    const listed = await api.call<{ items: { id: string }[] }>('GET', `/v1/podcasts/${podcastId}/episodes`, {
      key: network.key,
    });
    const id = listed.body.items[0]!.id;
    network.episodes.push({ id, podcastId, published: null });
    await store(network, [{ at: now - 3 * DAY_MS - HOUR_MS, episodeId: id, evidence: 'origin_bytes' }]);
    await refreshAll();
    expect(await publish(4)).toBe(podcastId);
    await refreshAll();
    const { rows } = await api.database.owner.query(
      'SELECT age_day FROM release_curves WHERE episode_id = $1',
      [id],
    );
    expect(rows).toEqual([{ age_day: 0 }]);
  });

  test('nobody else sees any of it', async () => {
    const stranger = await createNetwork();
    expect((await get<Releases>(stranger, 'releases', {})).body.items).toEqual([]);
    const [{ id: episodeId, podcastId }] = often as [Episode];
    const refused = [
      await get(stranger, 'releases', { podcastId }),
      await get(stranger, 'release-curve', { episodeId }),
      await get(stranger, 'release-curve', { episodeId: [episodeId, randomUUID()] }),
      await get(stranger, 'forecast', { episodeId, days: 30 }),
      await get(stranger, 'back-catalogue', { podcastId, from: '2026-03-01', to: '2026-03-02' }),
    ];
    expect(refused.map(({ status }) => status)).toEqual([404, 404, 404, 404, 404]);
    const many = Array.from({ length: 11 }, () => randomUUID());
    expect((await get(network, 'release-curve', { episodeId: many })).status).toBe(400);
    expect((await get(network, 'forecast', { episodeId, days: 31 })).status).toBe(400);
  });
});

describe('the back catalogue', () => {
  const FROM = Date.parse('2026-03-25T00:00:00Z');
  const DAYS = 14;
  let network: Network;

  beforeAll(async () => {
    network = await createNetwork();
    const random = new SeededRandom(11, 'back catalogue');
    const anyDate = () => FROM + random.integer(-10, DAYS) * DAY_MS + random.integer(0, DAY_MS);
    const onTheBorder = await addPodcast(network, [FROM + 3 * DAY_MS + 7_000, FROM - 3 * DAY_MS]);
    await addPodcast(network, [FROM - 90 * DAY_MS, ...Array.from({ length: 6 }, anyDate)]);
    await addPodcast(network, [null, FROM - 20 * DAY_MS, anyDate(), anyDate()]);
    await addPodcast(network, [anyDate()]);
    const noisy = network.episodes.slice(2, 13);
    await store(
      network,
      onTheBorder.flatMap(({ id: episodeId, published }) =>
        [1, 3, 7].flatMap((days) => {
          const border = quarter(published!) + days * DAY_MS;
          return [border - 1, border].map((at) => ({ at, episodeId, evidence: 'prefix_only' as const }));
        }),
      ),
    );
    await store(
      network,
      Array.from({ length: 1_200 }, () => ({
        at: FROM + random.integer(0, DAYS * DAY_MS - 1),
        episodeId: random.pick(noisy).id,
        evidence: random.pick(EVIDENCE),
      })),
    );
    await refreshAll();
  });

  interface Share {
    downloads: number;
    backCatalogue: number;
    undated: number;
    share: number | null;
  }
  interface Answer {
    from: string;
    to: string;
    levels: (Share & {
      evidence: Evidence;
      podcasts: (Share & { podcastId: string })[];
      points: (Share & { start: string; startUtc: string })[];
    })[];
  }

  function byHand(
    evidence: Evidence,
    from: number,
    to: number,
    days: number,
    podcastId?: string,
    stepMs = 1,
  ): Share {
    const episodes = new Map(network.episodes.map((episode) => [episode.id, episode]));
    const some = network.downloads
      .filter((each) => each.evidence === evidence && each.at >= from && each.at < to)
      .map(({ at, episodeId }) => ({ at, ...episodes.get(episodeId)! }))
      .filter((each) => podcastId === undefined || each.podcastId === podcastId);
    const dated = some.filter(({ published }) => published !== null);
    const old = dated.filter(
      ({ at, published }) => at >= Math.ceil((quarter(published!) + days * DAY_MS) / stepMs) * stepMs,
    );
    return {
      downloads: some.length,
      backCatalogue: old.length,
      undated: some.length - dated.length,
      share: dated.length === 0 ? null : old.length / dated.length,
    };
  }

  test.each([
    'UTC',
    'Europe/Berlin',
    'Asia/Kolkata',
    'Australia/Lord_Howe',
    'America/St_Johns',
    'Pacific/Auckland',
  ])('in %s is what downloads say, over changes of the clock', async (timeZone) => {
    for (const [interval, olderThanDays] of [
      ['day', 7],
      ['hour', 3],
      ['week', 30],
      [undefined, 1],
    ] as const) {
      const range = { from: '2026-03-27', to: '2026-04-07', timeZone, olderThanDays };
      const query = interval === undefined ? range : { ...range, interval };
      const { status, body } = await get<Answer>(network, 'back-catalogue', query);
      expect(status).toBe(200);
      const [from, to] = [Date.parse(body.from), Date.parse(body.to)];
      for (const { evidence, podcasts, points, ...total } of body.levels) {
        expect(total).toMatchObject(byHand(evidence, from, to, olderThanDays));
        for (const { podcastId, ...share } of podcasts)
          expect(share).toEqual(byHand(evidence, from, to, olderThanDays, podcastId));
        expect(podcasts).toHaveLength(evidence === 'prefix_only' ? 3 : 2);
        for (const [n, { start, startUtc, ...share }] of points.entries()) {
          const end = n + 1 < points.length ? Date.parse(points[n + 1]!.startUtc) : to;
          expect(Date.parse(start)).toBe(Date.parse(startUtc));
          expect(share).toEqual(byHand(evidence, Date.parse(startUtc), end, olderThanDays));
        }
        expect(points.length > 0).toBe(interval !== undefined);
      }
    }
  });

  test.each([
    ['slices_from', 'hour', HOUR_MS],
    ['slices_from, hours_from', 'day', DAY_MS],
  ])('is told where retention has removed %s: episodes turn old by the %s', async (gone, agesBy, stepMs) => {
    const until = gone.split(', ').map(() => `'2026-04-07'`);
    await change(
      `WITH moved AS (UPDATE aggregate_watermarks SET version = version + 1 WHERE tenant_id = $1)
       INSERT INTO retention_horizons (tenant_id, ${gone}) VALUES ($1, ${until.join(', ')})`,
      [network.tenantId],
    );
    const query = {
      from: '2026-03-27',
      to: '2026-04-07',
      timeZone: 'UTC',
      olderThanDays: 3,
      interval: 'day',
    };
    const { status, body } = await get<Answer & { agesBy: string }>(network, 'back-catalogue', query);
    await change('DELETE FROM retention_horizons WHERE tenant_id = $1', [network.tenantId]);
    expect([status, body.agesBy]).toEqual([200, agesBy]);
    for (const { evidence, points, ...total } of body.levels) {
      const [from, to] = [Date.parse(body.from), Date.parse(body.to)];
      expect(total).toMatchObject(byHand(evidence, from, to, 3, undefined, stepMs));
      for (const { startUtc, backCatalogue } of points) {
        const start = Date.parse(startUtc);
        const expected = byHand(evidence, start, start + DAY_MS, 3, undefined, stepMs);
        expect(backCatalogue).toBe(expected.backCatalogue);
      }
    }
  });

  test('of one podcast is its own, and a question that reads too much names a smaller one', async () => {
    const { podcastId } = network.episodes[2]!;
    const range = { from: '2026-03-27', to: '2026-04-07', timeZone: 'UTC' };
    const { body } = await get<Answer>(network, 'back-catalogue', { ...range, podcastId });
    const expected = byHand('prefix_only', Date.parse(body.from), Date.parse(body.to), 30, podcastId);
    expect(body.levels[1]).toMatchObject({ ...expected, podcasts: [{ podcastId, ...expected }] });
    const years = {
      from: '2024-01-01',
      to: '2026-01-01',
      timeZone: 'Asia/Kolkata',
      interval: 'day',
      olderThanDays: 3650,
    };
    const added = Array.from({ length: 20 }, () => randomUUID());
    await change(`INSERT INTO podcasts (tenant_id, id, title) SELECT $1, unnest($2::uuid[]), 'Podcast'`, [
      network.tenantId,
      added,
    ]);
    expect((await get(network, 'back-catalogue', years)).body).toMatchObject({
      status: 400,
      code: 'answer_too_costly',
    });
  });
});

describe('alerts', () => {
  interface Alerts {
    items: {
      id: string;
      state: string;
      podcastId: string;
      acknowledgedBy: string | null;
      note: string | null;
    }[];
  }
  let network: Network;
  let ids: string[];
  const list = async (query = '') =>
    (await api.call<Alerts>('GET', `/v1/alerts${query}`, { key: network.key })).body.items;
  const acknowledge = (id: string, key = network.key, body: object = {}) =>
    api.call<Alerts['items'][0]>('POST', `/v1/alerts/${id}/acknowledge`, { key, body });

  beforeAll(async () => {
    network = await createNetwork();
    const [{ podcastId }] = (await addPodcast(network, [null])) as [Episode];
    const { rows } = await api.database.owner.query<{ id: string }>(
      `INSERT INTO alerts (tenant_id, id, podcast_id, day, hours, metric, evidence, direction, expected, actual, z, likely_reason,
                           reasons, state, found_at)
       SELECT $1, gen_random_uuid(), $2, '2026-03-01'::date + n, 24, 'downloads', 'prefix_only', 'above', 100.5, 300, 8.25,
              'new_bot', '[{"reason": "new_bot", "detail": {"app": "Fetcher"}}]',
              CASE n WHEN 2 THEN 'resolved' ELSE 'open' END, now() + n * interval '1 minute'
       FROM generate_series(1, 2) AS n RETURNING id`,
      [network.tenantId, podcastId],
    );
    ids = rows.map(({ id }) => id);
  });

  test('say what was expected, and why it came otherwise', async () => {
    const [{ podcastId }] = network.episodes as [Episode];
    expect((await list('?state=open'))[0]).toMatchObject({
      id: ids[0],
      podcastId,
      day: '2026-03-02',
      metric: 'downloads',
      evidence: 'prefix_only',
      direction: 'above',
      expected: 100.5,
      actual: 300,
      z: 8.25,
      likelyReason: 'new_bot',
      reasons: [{ reason: 'new_bot', detail: { app: 'Fetcher' } }],
      acknowledgedBy: null,
    });
    expect((await list('?state=resolved')).map(({ id }) => id)).toEqual([ids[1]]);
    expect((await list(`?podcastId=${podcastId}`)).map(({ id }) => id)).toEqual([ids[1], ids[0]]);
    expect(await list(`?podcastId=${randomUUID()}`)).toEqual([]);
  });

  test('are acknowledged with a note by whoever may write, and by nobody else', async () => {
    const reader = await api.call<{ credential: string }>('POST', '/v1/keys', {
      key: network.key,
      body: { name: 'reader', scopes: ['read'] },
    });
    expect((await acknowledge(ids[0]!, reader.body.credential)).status).toBe(403);
    const stranger = await api.createTenant('Stranger');
    expect((await acknowledge(ids[0]!, stranger.key)).body).toMatchObject({
      status: 404,
      code: 'alert_not_found',
    });
    expect((await acknowledge(ids[0]!, network.key, { note: '' })).status).toBe(400);
    const seen = await acknowledge(ids[0]!, network.key, { note: 'A newsletter.' });
    expect([seen.status, seen.body]).toEqual([
      200,
      expect.objectContaining({
        state: 'acknowledged',
        note: 'A newsletter.',
        acknowledgedBy: expect.stringMatching(/^key /),
      }),
    ]);
    expect((await acknowledge(ids[1]!)).body).toMatchObject({ state: 'resolved', note: null });
    expect((await list('?state=open')).length).toBe(0);
  });
});
