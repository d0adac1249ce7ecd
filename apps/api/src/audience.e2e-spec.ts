import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MetricsModule, RefreshAudience } from '@lib/metrics';
import { audiencePeriod, DAY_MS, HOUR_MS, localZone, SLICE_MS, utcDate } from '@lib/primitives';
import {
  createTestRuleSet,
  SeededRandom,
  showTestDays,
  startTestApi,
  storeTestListening,
  type TestApi,
  type TestListening,
} from '@lib/testing';
import { LazyModuleLoader } from '@nestjs/core';
import { createApi } from './create-api.js';

/** Short, so that some ranges lie in one key period and some do not. */
const PERIOD_DAYS = 20;
const START = Date.parse('2026-03-10T00:00:00Z');
const DAYS = 45;
/** When the first episodes come out: people do not publish on the border of a slice. */
const PUBLISHED = START + 37_250;
const ZONES = ['Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'Pacific/Chatham'];
const LEVELS = ['origin_bytes', 'prefix_only'] as const;
const APPS = ['Overcast', 'AntennaPod', 'Podcasts'];

interface Size {
  listeners: number | null;
  exact: boolean;
  standardError: number | null;
  lower: number;
  upper: number;
}
type Listeners = Size & { keyPeriods: number; unidentifiedDownloads: number };
interface Audience {
  from: string;
  to: string;
  asOf: string;
  ruleSets: { version: string }[];
  switchingDays: string[];
  audiences: {
    evidence: string;
    whole: Listeners;
    points: (Listeners & { start: string; startUtc: string })[] | null;
  }[];
}
interface Whole<Level> {
  from: string;
  undetermined: string[];
  audiences: (Level & { evidence: string })[];
}

let api: TestApi;
let key: string;
let tenantId: string;
let rows: TestListening[];
let rules: [string, string];
const podcasts: string[] = [randomUUID(), randomUUID(), randomUUID()];
const episodes: string[] = Array.from({ length: 6 }, () => randomUUID());
const random = new SeededRandom(4, 'audience');

/** Before the recount one rule set is shown everywhere, afterwards another one from the 20th day to the 29th. */
let recounted = false;
const recountedDays = Array.from({ length: 10 }, (_, n) => utcDate(new Date(START + (20 + n) * DAY_MS)));
const ruleOf = (at: Date) => (recounted && recountedDays.includes(utcDate(at)) ? rules[1] : rules[0]);

beforeAll(async () => {
  api = await startTestApi(createApi);
  ({ tenantId, key } = await api.createTenant('Network'));
  const { owner } = api.database;
  await owner.query('UPDATE tenant_settings SET audience_period_days = $2 WHERE tenant_id = $1', [
    tenantId,
    PERIOD_DAYS,
  ]);
  await owner.query(
    `INSERT INTO podcasts (tenant_id, id, title) SELECT $1, id, 'Podcast' FROM unnest($2::uuid[]) id`,
    [tenantId, podcasts],
  );
  // The episodes of a podcast come out two days apart.
  await owner.query(
    `INSERT INTO episodes (tenant_id, id, podcast_id, guid, title, published_at)
     SELECT $1, id, ($3::uuid[])[1 + (n - 1) % 3], id::text, 'Episode', $4::timestamptz + (n - 1) / 3 * interval '2 days'
     FROM unnest($2::uuid[]) WITH ORDINALITY AS e (id, n)`,
    [tenantId, episodes, podcasts, new Date(PUBLISHED)],
  );
  rules = [
    await createTestRuleSet(api.database, tenantId, '1.0.0'),
    await createTestRuleSet(api.database, tenantId, '2.0.0'),
  ];
  rows = Array.from({ length: 2_500 }, randomListening);
  // The other rule set counts less.
  const others = rows.filter((_, n) => n % 3 > 0).map((row) => ({ ...row, ruleSetId: rules[1] }));
  rows.push(...others);
  await storeTestListening(api.database, tenantId, PERIOD_DAYS, rows);
  await showTestDays(
    api.database,
    tenantId,
    rules[0],
    Array.from({ length: DAYS }, (_, n) => utcDate(new Date(START + n * DAY_MS))),
  );
  await refresh();
});
afterAll(() => api.close());

async function refresh(): Promise<void> {
  const worker = await api.app.get(LazyModuleLoader).load(() => MetricsModule);
  while ((await worker.get(RefreshAudience).run()).days > 0);
}

/** Few listeners, who come back and listen to several shows. Some downloads are of nobody known. */
function randomListening(): TestListening {
  const episode = Math.floor(random.next() ** 2 * episodes.length);
  const listener = Math.floor(random.next() * 150);
  return {
    ruleSetId: rules[0],
    at: new Date(START + Math.floor((random.next() * DAYS * DAY_MS) / 1_000) * 1_000),
    podcastId: podcasts[episode % 3]!,
    episodeId: episodes[episode]!,
    listener: random.next() < 0.05 ? null : listener,
    evidence: LEVELS[random.next() < 0.7 ? 0 : 1],
    app: APPS[listener % 3]!,
    device: 'mobile',
    country: listener % 2 === 0 ? 'DE' : 'AT',
  };
}

async function ask<Body>(path: string, query: Record<string, string | string[]>): Promise<Body> {
  const answer = await get<Body>(path, query);
  expect([answer.status, answer.body]).toEqual([200, answer.body]);
  return answer.body;
}
function get<Body>(path: string, query: Record<string, string | string[]>, as = key) {
  return getFrom<Body>(`/v1/metrics/audience${path}`, query, as);
}
function getFrom<Body>(path: string, query: Record<string, string | string[]>, as = key) {
  const search = new URLSearchParams();
  for (const [name, values] of Object.entries(query))
    for (const value of [values].flat()) search.append(name, value);
  return api.call<Body>('GET', `${path}?${search.toString()}`, { key: as });
}

/** The downloads that are shown, of a level and a range. */
function shown(
  evidence: string,
  from: number,
  to: number,
  only: (row: TestListening) => boolean = () => true,
) {
  return rows.filter(
    (row) =>
      row.evidence === evidence &&
      row.at.getTime() >= from &&
      row.at.getTime() < to &&
      row.ruleSetId === ruleOf(row.at) &&
      only(row),
  );
}
const people = (of: readonly TestListening[]) =>
  new Set(of.flatMap(({ listener }) => (listener === null ? [] : [listener])));
const nobody = (of: readonly TestListening[]) => of.filter(({ listener }) => listener === null).length;

/** How many listeners each key period of a series has. */
function byPeriod(of: readonly TestListening[], series: 'audience_a' | 'audience_b'): number[] {
  const periods = new Map<string, TestListening[]>();
  for (const row of of) {
    const { period } = audiencePeriod(series, row.at, PERIOD_DAYS);
    periods.set(period, [...(periods.get(period) ?? []), row]);
  }
  return [...periods.values()].map((part) => people(part).size).filter((size) => size > 0);
}
const inOnePeriod = (from: number, to: number) =>
  (['audience_a', 'audience_b'] as const).some(
    (series) => audiencePeriod(series, new Date(from), PERIOD_DAYS).end.getTime() >= to,
  );

function expectListeners(answered: Listeners, of: readonly TestListening[], from: number, to: number): void {
  expect(answered.unidentifiedDownloads).toBe(nobody(of));
  const size = people(of).size;
  if (inOnePeriod(from, to)) {
    expect(answered).toMatchObject({
      listeners: size,
      exact: true,
      standardError: null,
      lower: size,
      upper: size,
      keyPeriods: 1,
    });
    return;
  }
  expect(answered.keyPeriods).toBeGreaterThan(1);
  expect(answered.lower).toBeLessThanOrEqual(size);
  expect(answered.upper).toBeGreaterThanOrEqual(size);
  const bounds = (['audience_a', 'audience_b'] as const).map((series) => {
    const parts = byPeriod(of, series);
    return [Math.max(0, ...parts), parts.reduce((sum, each) => sum + each, 0)];
  });
  expect(bounds).toContainEqual([answered.lower, answered.upper]);
  if (answered.lower < answered.upper) expect(answered).toMatchObject({ listeners: null, exact: false });
}

const at = (instant: number) => new Date(instant).toISOString();
const slice = (n: number) => Math.floor(n / SLICE_MS) * SLICE_MS;
/** Borders of local days and any other instants, of long ranges and short ones. */
function randomRange(longestDays: number): { query: Record<string, string>; from: number; to: number } {
  const timeZone = random.pick(ZONES);
  const days = 1 + Math.floor(random.next() * longestDays);
  const first = Math.floor(random.next() * (DAYS - days));
  if (random.next() < 0.3) {
    const from = slice(START + random.next() * (DAYS - days) * DAY_MS);
    const to = slice(from + days * DAY_MS - random.next() * 20 * HOUR_MS);
    return { query: { timeZone, from: at(from), to: at(to) }, from, to };
  }
  const [a, b] = [START + first * DAY_MS, START + (first + days) * DAY_MS];
  const zone = localZone(timeZone);
  return {
    query: { timeZone, from: utcDate(new Date(a)), to: utcDate(new Date(b)) },
    from: zone.instant(a),
    to: zone.instant(b),
  };
}

/** Whose listeners are meant: the network, some podcasts, or an episode. */
function randomScope(): { query: Record<string, string[]>; only: (row: TestListening) => boolean } {
  const choice = Math.floor(random.next() * 4);
  if (choice === 0) return { query: {}, only: () => true };
  if (choice === 1) {
    const episodeId = random.pick(episodes);
    return { query: { episodeId: [episodeId] }, only: (row) => row.episodeId === episodeId };
  }
  const podcastId = podcasts.slice(0, choice - 1);
  return { query: { podcastId }, only: (row) => podcastId.includes(row.podcastId) };
}

async function expectRandomAnswers(questions: number): Promise<void> {
  for (let n = 0; n < questions; n += 1) {
    const { query, from, to } = randomRange(DAYS - 2);
    const scope = randomScope();
    const interval = random.pick(['day', 'week', 'month', '']);
    const filter: Record<string, string[]> =
      random.next() < 0.25 ? { app: APPS.slice(1), country: ['DE'] } : {};
    const only = (row: TestListening) =>
      scope.only(row) && (!filter['app'] || (row.app !== 'Overcast' && row.country === 'DE'));
    const answer = await ask<Audience>('', {
      ...query,
      ...scope.query,
      ...filter,
      ...(interval && { interval }),
    });
    expect([answer.from, answer.to, answer.switchingDays]).toEqual([at(from), at(to), []]);
    for (const { evidence, whole, points } of answer.audiences) {
      expectListeners(whole, shown(evidence, from, to, only), from, to);
      points?.forEach(({ startUtc, ...point }, index) => {
        const start = Date.parse(startUtc);
        const end = points[index + 1] ? Date.parse(points[index + 1]!.startUtc) : to;
        expectListeners(point, shown(evidence, start, end, only), start, end);
      });
    }
  }
}

interface Row {
  evidence: string;
  group: { podcastId?: string; episodeId?: string };
  value: number | null;
  previousValue: number | null;
  values: (number | null)[] | null;
  listeners: Listeners;
  previousListeners: Listeners | null;
  listenersByBucket: Listeners[] | null;
}
interface QueryAnswer {
  previous: { from: string; to: string } | null;
  buckets: { startUtc: string }[] | null;
  rows: Row[];
  next: string | null;
}

async function query(asked: Record<string, string | string[]>): Promise<QueryAnswer> {
  const answer = await getFrom<QueryAnswer>('/v1/metrics/query', { metric: 'listeners', ...asked });
  expect([answer.status, answer.body]).toEqual([200, answer.body]);
  return answer.body;
}

/** Whole, and page by page. */
async function queryInPages(asked: Record<string, string | string[]>): Promise<QueryAnswer> {
  const whole = await query({ ...asked, limit: '1000' });
  const pages: Row[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: QueryAnswer = await query({ ...asked, limit: '5', ...(cursor !== '' && { cursor }) });
    pages.push(...page.rows);
    cursor = page.next;
  }
  expect(pages).toEqual(whole.rows);
  return whole;
}

const BY = [[], ['podcast'], ['episode'], ['podcast', 'episode'], ['episode', 'podcast']];

async function expectRandomRows(questions: number): Promise<void> {
  for (let n = 0; n < questions; n += 1) {
    const { query: range, from, to } = randomRange(random.pick([1, 1, DAYS - 2]));
    const by = random.pick(BY);
    const scopes: Record<string, string[]>[] = [
      {},
      { podcastId: podcasts.slice(0, 2).map((id) => id.toUpperCase()) },
      { episodeId: episodes.slice(1, 4) },
    ];
    const scope = random.pick(scopes);
    const interval = random.pick(['day', 'week', 'month', '']);
    const filter: Record<string, string[]> =
      random.next() < 0.3 ? { app: APPS.slice(1), country: ['DE'] } : {};
    const answer = await queryInPages({
      ...range,
      ...scope,
      ...filter,
      by,
      compare: 'previous',
      order: random.pick(['value', 'name']),
      ...(interval && { interval }),
    });
    const inScope = (row: TestListening) =>
      (scope['podcastId']?.includes(row.podcastId.toUpperCase()) ?? true) &&
      (scope['episodeId']?.includes(row.episodeId) ?? true) &&
      (!filter['app'] || (row.app !== 'Overcast' && row.country === 'DE'));
    const groupOf = ({ podcastId, episodeId }: { podcastId?: string; episodeId?: string }) =>
      [by.includes('podcast') ? podcastId : '', by.includes('episode') ? episodeId : ''].join();
    const before = { from: Date.parse(answer.previous!.from), to: from };
    const expected = LEVELS.flatMap((level) => {
      const ranges = [...shown(level, from, to, inScope), ...shown(level, before.from, before.to, inScope)];
      const inhabited = ranges.filter(({ listener }) => listener !== null);
      return [...new Set(by.length === 0 ? [','] : inhabited.map(groupOf))].map(
        (group) => `${level} ${group}`,
      );
    });
    expect(answer.rows.map((row) => `${row.evidence} ${groupOf(row.group)}`).sort()).toEqual(expected.sort());
    for (const row of answer.rows) {
      const ofRow = (some: TestListening) => inScope(some) && groupOf(some) === groupOf(row.group);
      const check = (sized: Listeners, start: number, end: number) =>
        expectListeners(sized, shown(row.evidence, start, end, ofRow), start, end);
      check(row.listeners, from, to);
      check(row.previousListeners!, before.from, before.to);
      expect([row.value, row.previousValue]).toEqual([
        row.listeners.listeners,
        row.previousListeners!.listeners,
      ]);
      expect(row.values).toEqual(row.listenersByBucket?.map(({ listeners }) => listeners) ?? null);
      row.listenersByBucket?.forEach((sized, index) => {
        const start = Date.parse(answer.buckets![index]!.startUtc);
        const end = answer.buckets![index + 1] ? Date.parse(answer.buckets![index + 1]!.startUtc) : to;
        check(sized, start, end);
      });
    }
  }
}

describe('listeners', () => {
  test('are the same in the grammar of metrics, by podcast and episode, in pages', async () => {
    await expectRandomRows(30);
  });

  test('in the grammar of metrics are compared where a show has lost them all', async () => {
    // The range begins with a UTC day, so that what it is compared with lies in another.
    const hour = (n: number) => START + 5 * DAY_MS + n * 6 * HOUR_MS;
    const heard = (n: number) =>
      new Set(
        shown('prefix_only', hour(n), hour(n + 1), ({ listener }) => listener !== null).map(
          (row) => row.episodeId,
        ),
      );
    const n = Array.from({ length: 30 }, (_, index) => 4 * index + 4).find((index) =>
      [...heard(index - 1)].some((episode) => !heard(index).has(episode)),
    )!;
    const { rows: answered } = await query({
      timeZone: 'UTC',
      from: at(hour(n)),
      to: at(hour(n + 1)),
      by: 'episode',
      compare: 'previous',
      evidence: 'prefix_only',
    });
    expect(new Set(answered.map(({ group }) => group.episodeId))).toEqual(
      new Set([...heard(n - 1), ...heard(n)]),
    );
  });

  test.each([
    [{ metric: ['listeners', 'downloads'] }, 'listeners_alone', 'metric'],
    [{ metric: 'listeners', by: 'country' }, 'listeners_not_apart', 'by'],
    [{ metric: 'listeners', interval: 'hour' }, 'listeners_not_apart', 'interval'],
    [
      { metric: 'listeners', interval: 'day', by: 'episode', from: '2025-05-01', to: '2026-04-30' },
      'too_many_audiences',
      'by',
    ],
  ])('in the grammar of metrics are not answered for %j', async (asked, code, field) => {
    const range = { timeZone: 'UTC', from: '2026-03-11', to: '2026-03-17' };
    const answer = await getFrom<{ code: string; field: string }>('/v1/metrics/query', {
      ...range,
      ...(asked as Record<string, string | string[]>),
    });
    expect([answer.status, answer.body.code, answer.body.field]).toEqual([400, code, field]);
  });

  test('are those of a count by hand, in any zone, over changes of the clock and borders of key periods', async () => {
    await expectRandomAnswers(40);
  });

  test('are those of the other rule set where a recount was applied, once it is followed', async () => {
    recounted = true;
    await showTestDays(api.database, tenantId, rules[1], recountedDays);
    const range = { timeZone: 'UTC', from: recountedDays[0]!, to: recountedDays[5]! };
    await api.database.owner.query(
      `UPDATE dirty_buckets SET marked_at = '2026-05-01T00:00Z' WHERE tenant_id = $1 AND kind = 'audience'`,
      [tenantId],
    );
    expect((await ask<Audience>('', range)).asOf).toBe('2026-05-01T00:00:00.000Z');
    await refresh();
    expect((await ask<Audience>('', range)).ruleSets).toMatchObject([{ version: '2.0.0' }]);
    await expectRandomAnswers(25);
  });

  test('of a network are not those of another', async () => {
    const stranger = await api.createTenant('Stranger');
    const range = { timeZone: 'UTC', from: '2026-03-12', to: '2026-03-18' };
    const { body } = await get<Audience>('', range, stranger.key);
    expect(body.audiences.map(({ whole }) => [whole.listeners, whole.unidentifiedDownloads])).toEqual([
      [0, 0],
      [0, 0],
    ]);
    for (const [path, query] of [
      ['', { podcastId: podcasts[0]! }],
      ['', { episodeId: episodes[0]! }],
      ['/overlap', { podcastId: podcasts }],
      ['/returning', { podcastId: podcasts[0]! }],
      ['/concentration', { podcastId: podcasts[0]! }],
      ['/subscribers', { podcastId: podcasts[0]! }],
    ] as const)
      expect((await get(path, { ...range, ...query }, stranger.key)).status).toBe(404);
  });

  test('of an episode of another podcast than asked for are not told', async () => {
    const range = { from: '2026-03-12', to: '2026-03-18', episodeId: episodes[0]! };
    expect((await get('', { ...range, podcastId: [podcasts[1]!, podcasts[2]!] })).body).toMatchObject({
      code: 'episode_not_found',
    });
    expect((await get('', { ...range, podcastId: [podcasts[0]!, podcasts[2]!] })).status).toBe(200);
    expect((await get('', { ...range, podcastId: [podcasts[0]!.toUpperCase()] })).status).toBe(200);
  });

  test('of a podcast that is named twice, in whatever letters, are refused, and so are names that nothing can have', async () => {
    const range = { from: '2026-03-12', to: '2026-03-18' };
    const twice = [podcasts[0]!, podcasts[0]!.toUpperCase()];
    for (const [path, query] of [
      ['', { podcastId: twice }],
      ['/overlap', { podcastId: twice }],
      ['', { app: '\0' }],
    ] as const)
      expect(await get(path, { ...range, ...query })).toMatchObject({
        status: 400,
        body: { code: 'invalid_input' },
      });
  });
});

/** Ranges in one key period: others are refused. */
function randomPeriodRange() {
  for (;;) {
    const range = randomRange(PERIOD_DAYS / 2);
    if (inOnePeriod(range.from, range.to)) return range;
  }
}

describe('what is told of single listeners', () => {
  test('agrees with a count by hand: overlap', async () => {
    for (let n = 0; n < 10; n += 1) {
      const { query, from, to } = randomPeriodRange();
      const { overlaps } = await ask<{
        overlaps: {
          evidence: string;
          podcasts: (Size & { podcastId: string })[];
          pairs: { firstPodcastId: string; secondPodcastId: string; common: Size; jaccard: number | null }[];
        }[];
      }>('/overlap', { ...query, podcastId: podcasts });
      expect(overlaps.map(({ evidence }) => evidence)).toEqual(LEVELS);
      for (const { evidence, podcasts: sizes, pairs } of overlaps) {
        const of = (podcast: string) =>
          people(shown(evidence, from, to, ({ podcastId }) => podcastId === podcast));
        expect(sizes.map(({ podcastId, listeners }) => [podcastId, listeners])).toEqual(
          podcasts.map((podcast) => [podcast, of(podcast).size]),
        );
        expect(pairs).toHaveLength(3);
        for (const { firstPodcastId, secondPodcastId, common, jaccard } of pairs) {
          const [first, second] = [of(firstPodcastId), of(secondPodcastId)];
          const both = [...first].filter((each) => second.has(each)).length;
          const either = new Set([...first, ...second]).size;
          expect(common).toMatchObject({ listeners: both, exact: true });
          expect(jaccard).toEqual(either === 0 ? null : both / either);
        }
      }
    }
  });

  test('agrees with a count by hand: new and returning', async () => {
    for (let n = 0; n < 15; n += 1) {
      const { query, from, to } = randomPeriodRange();
      const scope = randomScope();
      const { audiences } = await ask<
        Whole<{ comparedSince: string; listeners: Size; returning: Size; new: Size }>
      >('/returning', { ...query, ...scope.query });
      for (const { evidence, comparedSince, listeners, returning, new: fresh } of audiences) {
        const since = Date.parse(comparedSince);
        const earliest = (['audience_a', 'audience_b'] as const)
          .map((series) => audiencePeriod(series, new Date(from), PERIOD_DAYS))
          .filter(({ end }) => end.getTime() >= to)
          .map(({ period }) => Date.parse(period));
        expect(since).toBe(Math.min(...earliest));
        const now = people(shown(evidence, from, to, scope.only));
        const before = people(shown(evidence, since, from, scope.only));
        const both = [...now].filter((each) => before.has(each)).length;
        expect([listeners.listeners, returning.listeners, fresh.listeners]).toEqual([
          now.size,
          both,
          now.size - both,
        ]);
        expect([listeners.exact, returning.exact, fresh.exact]).toEqual([true, true, true]);
      }
    }
  });

  test('agrees with a count by hand: concentration', async () => {
    for (let n = 0; n < 10; n += 1) {
      const { query, from, to } = randomPeriodRange();
      const scope = randomScope();
      const { audiences } = await ask<
        Whole<{ listeners: number; downloads: number; top1PercentShare: number; top5PercentShare: number }>
      >('/concentration', { ...query, ...scope.query });
      expect(audiences).toHaveLength(2);
      for (const { evidence, ...answered } of audiences) {
        const counts = new Map<number, number>();
        for (const { listener } of shown(evidence, from, to, scope.only))
          if (listener !== null) counts.set(listener, (counts.get(listener) ?? 0) + 1);
        const sorted = [...counts.values()].sort((a, b) => b - a);
        const sum = (of: number[]) => of.reduce((all, each) => all + each, 0);
        const share = (part: number) =>
          sorted.length === 0 ? null : sum(sorted.slice(0, Math.ceil(sorted.length * part))) / sum(sorted);
        expect(answered).toMatchObject({
          listeners: sorted.length,
          downloads: sum(sorted),
          unidentifiedDownloads: nobody(shown(evidence, from, to, scope.only)),
          top1PercentShare: share(0.01),
          top5PercentShare: share(0.05),
        });
      }
    }
  });

  test('agrees with a count by hand: subscribers’ apps', async () => {
    const [podcastId] = podcasts as [string, string, string];
    const from = START;
    const to = START + 6 * DAY_MS;
    // Of two episodes, which came out at the start and two days later, a subscriber has both within 48 hours.
    const faithful = [7, 7, 8, 9].flatMap((listener, n) =>
      [0, 3].map((episode): TestListening => ({
        ...randomListening(),
        podcastId,
        episodeId: episodes[episode]!,
        listener: listener + (n === 1 ? 1_000 : 0),
        at: new Date(PUBLISHED + (episode === 0 ? 0 : 2) * DAY_MS + (n === 2 ? 48 : 5) * HOUR_MS),
        evidence: 'origin_bytes',
        app: APPS[n % 3]!,
      })),
    );
    await storeTestListening(api.database, tenantId, PERIOD_DAYS, faithful);
    rows.push(...faithful);
    const answer = await ask<
      Whole<{ subscribers: number; apps: { app: string; subscribers: number; share: number }[] }> & {
        episodes: number;
        episodesNeeded: number;
      }
    >('/subscribers', { podcastId, timeZone: 'UTC', from: at(from), to: at(to) });
    expect(answer).toMatchObject({ episodes: 2, episodesNeeded: 2, undetermined: [] });
    for (const { evidence, subscribers, apps } of answer.audiences) {
      const early = (episode: number, days: number) =>
        people(
          shown(
            evidence,
            PUBLISHED + days * DAY_MS,
            PUBLISHED + (days + 2) * DAY_MS,
            (row) => row.episodeId === episodes[episode],
          ),
        );
      const both = [...early(0, 0)].filter((each) => early(3, 2).has(each));
      expect(subscribers).toBe(both.length);
      expect(apps.reduce((sum, each) => sum + each.subscribers, 0)).toBe(both.length);
      if (evidence === 'origin_bytes') expect(both).toEqual(expect.arrayContaining([7, 9, 1_007]));
      if (evidence === 'origin_bytes') expect(both).not.toContain(8);
    }
    const tooShort = await ask<{ episodes: number }>('/subscribers', {
      podcastId,
      timeZone: 'UTC',
      from: at(from),
      to: at(START + 4 * DAY_MS),
    });
    expect(tooShort.episodes).toBe(1);
  });

  test('is refused across the borders of key periods', async () => {
    const range = { timeZone: 'UTC', from: '2026-03-12', to: '2026-04-20', podcastId: podcasts[0]! };
    for (const path of ['/returning', '/concentration', '/subscribers'])
      expect(await get(path, range)).toMatchObject({
        status: 400,
        body: { code: 'audience_period_exceeded' },
      });
    expect((await get('/overlap', { ...range, podcastId: podcasts })).status).toBe(400);
  });
});

describe('log imports', () => {
  test('have keys of their own: their level has bounds, and nothing about single listeners', async () => {
    const own = await api.createTenant('Importer');
    const ruleSet = await createTestRuleSet(api.database, own.tenantId, '1.0.0');
    const [podcastId, episodeId] = [randomUUID(), randomUUID()];
    const day = (n: number) => utcDate(new Date(START + n * DAY_MS));
    const listening = (
      n: number,
      evidence: (typeof LEVELS)[number],
      importKey: string,
      listener: number,
    ) => ({
      ruleSetId: ruleSet,
      at: new Date(START + n * DAY_MS + HOUR_MS),
      ...{ podcastId, episodeId, listener, evidence, importKey },
    });
    await storeTestListening(api.database, own.tenantId, 90, [
      // Listener 1 is there before, in and after the import; listener 2 only in it.
      ...[0, 3].map((n) => listening(n, 'origin_bytes', 'live', 1)),
      ...[1, 2].flatMap((n) => [1, 2].map((who) => listening(n, 'origin_bytes', 'import', who))),
      ...[0, 1, 2, 3].map((n) => listening(n, 'prefix_only', 'live', 1)),
    ]);
    await showTestDays(api.database, own.tenantId, ruleSet, [day(0), day(1), day(2), day(3)]);
    await api.database.owner.query(
      `INSERT INTO imports (tenant_id, id, source, first_day, last_day) VALUES ($1, $2, 'log', $3, $4)`,
      [own.tenantId, randomUUID(), day(1), day(2)],
    );
    await refresh();
    const range = { timeZone: 'UTC', from: day(0), to: day(4) };
    const { audiences } = (await get<Audience>('', range, own.key)).body;
    expect(audiences.map(({ whole }) => whole)).toMatchObject([
      { listeners: null, exact: false, lower: 2, upper: 3, keyPeriods: 2 },
      { listeners: 1, exact: true, keyPeriods: 1 },
    ]);
    const returning = await get<Whole<object>>('/returning', range, own.key);
    expect(returning.body).toMatchObject({ undetermined: ['origin_bytes'] });
    expect(returning.body.audiences).toHaveLength(1);
    // After the import the listener is known from before it.
    const after = await get<Whole<{ returning: Size; comparedSince: string }>>(
      '/returning',
      { ...range, from: day(3) },
      own.key,
    );
    expect(after.body.audiences[0]).toMatchObject({ returning: { listeners: 1, exact: true } });
  });
});

test('what needs downloads that retention has removed is refused, and whole UTC days are answered', async () => {
  await api.database.owner.query(
    `INSERT INTO retention_horizons (tenant_id, downloads_from) VALUES ($1, $2)`,
    [tenantId, new Date(START + 5 * DAY_MS)],
  );
  const range = { timeZone: 'UTC', from: '2026-03-11', to: '2026-03-17', podcastId: podcasts[0]! };
  const refused = { status: 400, body: { code: 'before_download_horizon' } };
  expect((await get('', range)).status).toBe(200);
  expect((await get('/returning', range)).status).toBe(200);
  for (const [path, query] of [
    ['', { ...range, app: 'Overcast' }],
    ['', { ...range, timeZone: 'Asia/Kolkata' }],
    ['/concentration', range],
    ['/subscribers', { ...range, from: '2026-03-10' }],
  ] as const)
    expect([path, await get(path, query)]).toMatchObject([path, refused]);
  expect((await get('/concentration', { ...range, from: '2026-03-15' })).status).toBe(200);
  await api.database.owner.query('DELETE FROM retention_horizons WHERE tenant_id = $1', [tenantId]);
});

test('what needs sketches that retention has removed is refused, and listeners are compared with what is left', async () => {
  const [gone, kept] = [START + DAY_MS, START + 3 * DAY_MS];
  await api.database.owner.query(
    `INSERT INTO retention_horizons (tenant_id, downloads_from, days_from) VALUES ($1, $2, $2)`,
    [tenantId, new Date(kept)],
  );
  const range = { timeZone: 'UTC', to: at(kept + 2 * DAY_MS), podcastId: podcasts[1]! };
  const refused = { status: 400, body: { code: 'before_day_horizon' } };
  expect(await get('', { ...range, from: at(gone) })).toMatchObject(refused);
  expect(await get('/returning', { ...range, from: at(gone) })).toMatchObject(refused);
  expect((await get('', { ...range, from: at(kept) })).status).toBe(200);
  const { body } = await get<Whole<{ comparedSince: string }>>('/returning', {
    ...range,
    from: at(kept + DAY_MS),
  });
  expect(body.audiences.map(({ comparedSince }) => comparedSince)).toEqual(LEVELS.map(() => at(kept)));
  await api.database.owner.query('DELETE FROM retention_horizons WHERE tenant_id = $1', [tenantId]);
});

describe('what costs too much', () => {
  const tooExpensive = { status: 422, body: { code: 'query_too_expensive' } };

  test('is refused, and what is affordable is named', async () => {
    const big = await api.createTenant('Big');
    const bucket = (n: number) => new Date(START + n * DAY_MS);
    await api.database.owner.query(
      `INSERT INTO listener_totals (tenant_id, bucket, podcast_id, rule_set_id, value, grain, metric, evidence)
       SELECT $1, bucket, '00000000-0000-0000-0000-000000000000', $2, $3, grain, 'downloads', 'origin_bytes'
       FROM unnest($4::timestamptz[], $5::text[]) AS b (bucket, grain)`,
      [big.tenantId, randomUUID(), 600_000, [bucket(1), bucket(2)], ['day', 'day']],
    );
    const whole = { timeZone: 'UTC', from: at(START + DAY_MS), to: at(START + 3 * DAY_MS) };
    expect((await get('', whole, big.key)).status).toBe(200);
    const filtered = await get<{ detail: string }>('', { ...whole, app: 'Overcast' }, big.key);
    expect(filtered).toMatchObject(tooExpensive);
    expect(filtered.body.detail).toContain('ask without app');
    expect(await get('/concentration', whole, big.key)).toMatchObject(tooExpensive);
    // Two local days are no whole UTC day.
    const local = await get<{ detail: string }>(
      '',
      { timeZone: 'Asia/Kolkata', from: '2026-03-11', to: '2026-03-14', interval: 'day' },
      big.key,
    );
    expect(local.status).toBe(200);
    await api.database.owner.query(
      `WITH moved AS (INSERT INTO aggregate_watermarks (tenant_id, version) VALUES ($1, 100)
                      ON CONFLICT (tenant_id) DO UPDATE SET version = 100)
       INSERT INTO listener_totals (tenant_id, bucket, podcast_id, rule_set_id, value, grain, metric, evidence)
       SELECT $1, $2::timestamptz + n * interval '1 hour', '00000000-0000-0000-0000-000000000000', $3, 50000, 'hour',
              'downloads', 'origin_bytes'
       FROM generate_series(0, 47) AS n`,
      [big.tenantId, bucket(1), randomUUID()],
    );
    const byHour = await get<{ detail: string }>(
      '',
      { timeZone: 'Asia/Kolkata', from: '2026-03-11', to: '2026-03-14', interval: 'day' },
      big.key,
    );
    expect(byHour).toMatchObject(tooExpensive);
    expect(byHour.body.detail).toContain('timeZone=UTC');
  });

  test('is known from coarser rollups where retention has removed the finer ones before the downloads', async () => {
    const old = await api.createTenant('Old');
    const month = new Date('2026-03-01T00:00:00Z');
    await api.database.owner.query(
      `WITH horizons AS (
         INSERT INTO retention_horizons (tenant_id, slices_from, hours_from, days_from) VALUES ($1, $3, $3, $3)
       )
       INSERT INTO listener_totals (tenant_id, bucket, podcast_id, rule_set_id, value, grain, metric, evidence)
       VALUES ($1, $2, '00000000-0000-0000-0000-000000000000', gen_random_uuid(), 1200000, 'month', 'downloads', 'origin_bytes')`,
      [old.tenantId, month, new Date('2026-04-01T00:00:00Z')],
    );
    const range = { timeZone: 'UTC', from: '2026-03-11', to: '2026-03-17' };
    expect(await get('/concentration', range, old.key)).toMatchObject(tooExpensive);
    const query = new URLSearchParams({ ...range, metric: 'downloads', by: 'app', country: 'DE' });
    expect(await api.call('GET', `/v1/metrics/query?${query.toString()}`, { key: old.key })).toMatchObject(
      tooExpensive,
    );
  });

  test('includes ids of sketches', async () => {
    const big = await api.createTenant('Many');
    await api.database.owner.query(
      `INSERT INTO audience_sketches (tenant_id, podcast_id, episode_id, rule_set_id, day, series, evidence, listeners,
                                      unidentified, hashes)
       SELECT $1, $2, $2, $2, $3::date + n, series, 'origin_bytes', 4000, 0, '{}'
       FROM generate_series(0, 364) AS n, unnest(ARRAY['a', 'b']) AS series`,
      [big.tenantId, '00000000-0000-0000-0000-000000000000', utcDate(new Date(START))],
    );
    const year = {
      timeZone: 'UTC',
      from: utcDate(new Date(START)),
      to: utcDate(new Date(START + 365 * DAY_MS)),
    };
    const refused = await get<{ detail: string }>('', { ...year, interval: 'month' }, big.key);
    expect(refused).toMatchObject(tooExpensive);
    expect(refused.body.detail).toContain('shorter range');
  });
});
