import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CountDownloads, IngestionModule } from '@lib/ingestion';
import {
  MetricsModule,
  RefreshAggregates,
  RefreshAudience,
  RefreshListening,
  RefreshMetricsDaily,
} from '@lib/metrics';
import { DAY_MS, MINUTE_MS } from '@lib/primitives';
import { SeededRandom, startTestApi, type TestApi } from '@lib/testing';
import { LazyModuleLoader } from '@nestjs/core';
import { createApi } from './create-api.js';

interface Event {
  id: string;
  type: string;
  occurredAt: string;
  episodeId: string;
  [field: string]: unknown;
}

let api: TestApi;
let jobs: { run(): Promise<{ days: number; failed: number }> }[];
const random = new SeededRandom(20_260_331, 'a week of listening');

/** The week that ends with yesterday: all of it may still come in. */
const END = Math.floor(Date.now() / DAY_MS) * DAY_MS;
const BEGIN = END - 6 * DAY_MS;
const PODCASTS = ['5b6d0000-0000-4000-8000-000000000001', '5b6d0000-0000-4000-8000-000000000002'];
const EPISODES = Array.from({ length: 8 }, (_, n) => `5b6d0000-0000-4000-9000-00000000000${n}`);
const AGENTS = [
  'AntennaPod/3.4.0',
  'Overcast/3.0 (+http://overcast.fm/; iOS podcast app)',
  'AhrefsBot/7.0',
  '',
];
const PLAYER_TYPES = [
  'play',
  'progress',
  'progress',
  'progress',
  'pause',
  'resume',
  'seek',
  'complete',
  'ad_play',
];
const FILE_BYTES = 9_000_000;

beforeAll(async () => {
  api = await startTestApi(createApi);
  const load = api.app.get(LazyModuleLoader);
  const [ingestion, metrics] = [await load.load(() => IngestionModule), await load.load(() => MetricsModule)];
  jobs = [
    ingestion.get(CountDownloads),
    metrics.get(RefreshAggregates),
    metrics.get(RefreshListening),
    metrics.get(RefreshMetricsDaily),
    metrics.get(RefreshAudience),
  ];
});
afterAll(() => api.close());

interface Network {
  key: string;
  sender: string;
}

/** A tenant whose podcasts and episodes have the same ids as every other's: answers can be compared as they are. */
async function createNetwork(name: string): Promise<Network> {
  const { tenantId, key } = await api.createTenant(name);
  await api.database.owner.query(
    `INSERT INTO podcasts (tenant_id, id, title) SELECT $1, id, 'Podcast ' || n
     FROM unnest($2::uuid[]) WITH ORDINALITY AS p (id, n)`,
    [tenantId, PODCASTS],
  );
  await api.database.owner.query(
    `INSERT INTO episodes (tenant_id, id, podcast_id, guid, title, published_at, media_bytes, header_bytes, duration_seconds)
     SELECT $1, id, ($3::uuid[])[1 + n % 2], id::text, 'Episode ' || n, $4::timestamptz + n * interval '11 hours', $5, 1000, 540
     FROM unnest($2::uuid[]) WITH ORDINALITY AS e (id, n)`,
    [tenantId, EPISODES, PODCASTS, new Date(BEGIN - DAY_MS), FILE_BYTES],
  );
  const answer = await api.call<{ credential: string }>('POST', '/v1/keys', {
    key,
    body: { name: 'cdn', scopes: ['ingest'], trustedSender: true },
  });
  return { key, sender: answer.body.credential };
}

const at = (instant: number) => new Date(Math.floor(instant)).toISOString();
const anyInstant = () => random.integer(BEGIN, END - 1);
const id = (kind: number, n: number) => `${kind}0000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;

/** What CDNs and players of one week say: whole files, pieces of them, bots, nobody, and sessions of listening. */
function week(): Event[] {
  const requests = Array.from({ length: 900 }, (_, n): Event => {
    const listener = random.integer(0, 59);
    const bytes = random.pick([FILE_BYTES, FILE_BYTES, 4_000_000, 2, 300_000]);
    return {
      id: id(1, n),
      type: 'download_request',
      occurredAt: at(anyInstant()),
      episodeId: random.pick(EPISODES),
      client: { ip: `192.0.2.${listener}`, userAgent: random.pick([AGENTS[listener % 2]!, ...AGENTS]) },
      request: { method: 'GET', status: 200, ...(random.chance(0.75) && { bytes }) },
    };
  });
  const sessions = Array.from({ length: 120 }, (_, session): Event[] => {
    const [start, episodeId] = [anyInstant(), random.pick(EPISODES)];
    return Array.from({ length: 12 }, (_, step) => ({
      id: id(2, session * 100 + step),
      type: step === 0 ? 'play' : random.pick(PLAYER_TYPES),
      occurredAt: at(Math.min(start + step * 30_000 + random.integer(0, 9_000), END - 1)),
      episodeId,
      sessionId: `session-${session}`,
      positionMs: step * 30_000,
      client: { ip: `192.0.2.${session % 60}`, userAgent: AGENTS[session % 2]! },
    }));
  });
  return [...requests, ...sessions.flat()].sort((a, b) => (a.occurredAt < b.occurredAt ? -1 : 1));
}

async function send({ sender }: Network, events: readonly Event[]): Promise<void> {
  for (let n = 0; n < events.length; n += 500) {
    const batch = events.slice(n, n + 500);
    const answer = await api.call<{ rejected: number }>('POST', '/v1/events/batch', {
      key: sender,
      body: { events: batch },
    });
    expect([answer.status, answer.body.rejected]).toEqual([200, 0]);
  }
}

/** Runs the jobs until none finds work. */
async function work(): Promise<void> {
  for (let days = 1; days > 0;) {
    days = 0;
    for (const job of jobs) {
      const report = await job.run();
      expect(report.failed).toBe(0);
      days += report.days;
    }
  }
}

const RANGE = `from=${at(BEGIN)}&to=${at(END)}`;
const LOCAL = `from=${at(BEGIN + DAY_MS).slice(0, 10)}&to=${at(END).slice(0, 10)}&timeZone=Asia/Kolkata`;

/** Every question that is answered from what was derived of events. */
const QUESTIONS = [
  `totals?${RANGE}&compare=previous`,
  `totals?${LOCAL}&podcastId=${PODCASTS[0]}`,
  `series?${RANGE}&interval=hour&metric=downloads&metric=download_request&metric=progress`,
  `series?${LOCAL}&interval=day&metric=downloads&metric=play&episodeId=${EPISODES[3]}`,
  `top-episodes?${RANGE}&metric=downloads&limit=100`,
  `top-episodes?${LOCAL}&metric=progress`,
  `series?${LOCAL}&interval=hour&metric=listen_time`,
  `retention?${RANGE}&episodeId=${EPISODES[2]}`,
  `retention?${LOCAL}&episodeId=${EPISODES[5]}&window=60000-100000`,
  `explain?${RANGE}`,
  `audience?${RANGE}&interval=day`,
  `audience?${LOCAL}&podcastId=${PODCASTS[0]}&app=AntennaPod`,
  `audience/overlap?${LOCAL}&podcastId=${PODCASTS[0]}&podcastId=${PODCASTS[1]}`,
  `audience/returning?from=${at(END - 2 * DAY_MS)}&to=${at(END)}`,
  `audience/concentration?${RANGE}`,
  `audience/subscribers?${RANGE}&podcastId=${PODCASTS[1]}`,
];

/** What differs between two tenants, or two moments, by nature. Examples are picked by ids under the tenant's own keys. */
const OWN = new Set(['asOf', 'ruleSets', 'ruleSet', 'examples']);

async function answers({ key }: Network): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const question of QUESTIONS) {
    const answer = await api.call('GET', `/v1/metrics/${question}`, { key });
    expect([question, answer.status]).toEqual([question, 200]);
    texts.set(
      question,
      JSON.stringify(answer.body, (name, value: unknown) => (OWN.has(name) ? undefined : value)),
    );
  }
  return texts;
}

test(
  'a week in disorder, with repeats and latecomers, gives the same answers to the byte',
  async () => {
    const [ordered, shuffled] = [await createNetwork('Ordered'), await createNetwork('Shuffled')];
    const events = week();
    await send(ordered, events);
    await work();

    const late = events.filter((_, n) => n % 20 === 7);
    const onTime = random.shuffle(events.filter((_, n) => n % 20 !== 7));
    const repeated = onTime.filter((_, n) => n % 10 === 3);
    const third = Math.ceil(onTime.length / 3);
    // Refreshed in between, so that what comes afterwards meets rollups that are there already.
    for (const part of [0, 1, 2]) {
      await send(shuffled, onTime.slice(part * third, (part + 1) * third));
      await work();
    }
    await send(shuffled, random.shuffle([...repeated]));
    await send(shuffled, random.shuffle([...late, ...repeated.slice(0, 50)]));
    await work();

    const [expected, found] = [await answers(ordered), await answers(shuffled)];
    expect(QUESTIONS.filter((question) => found.get(question) !== expected.get(question))).toEqual([]);
    // Or two empty answers would do.
    for (const [question, text] of expected)
      expect([question, /:[1-9]/.test(text)]).toEqual([question, true]);
  },
  10 * MINUTE_MS,
);
