import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { MetricsModule, RefreshAggregates, RefreshListening } from '@lib/metrics';
import { localZone } from '@lib/primitives';
import { startTestApi, type TestApi } from '@lib/testing';
import { LazyModuleLoader } from '@nestjs/core';
import fc from 'fast-check';
import { createApi } from './create-api.js';

let api: TestApi;
let refresh: RefreshAggregates;
let listening: RefreshListening;
let network: Network;

interface Network {
  tenantId: string;
  key: string;
  podcastId: string;
  episodeIds: string[];
}

interface Told {
  type: string;
  at: number;
  positionMs: number;
  sessionId: string;
  episode: number;
  placementId?: string;
}

interface HeardWindow {
  startMs: number;
  endMs: number;
  placementId: string | null;
  ads: number | null;
  heardMs: number;
  share: number | null;
  shareBefore: number | null;
  skippedShare: number | null;
}
interface Retention {
  metric: string;
  evidence: string;
  asOf: string;
  from: string;
  to: string;
  durationMs: number | null;
  starts: number;
  value: number;
  averageHeardMs: number | null;
  averageCompletion: number | null;
  halfHeardToMs: number | null;
  halfCompletion: number | null;
  curve: { startMs: number; endMs: number; heardMs: number; share: number | null }[];
  drops: { startMs: number; fall: number }[];
  windows: HeardWindow[];
}

beforeAll(async () => {
  api = await startTestApi(createApi);
  await api.database.owner.query(
    `SELECT ensure_partitions('2026-03-23', '2026-04-13'), ensure_partitions('2026-10-26', '2026-11-09')`,
  );
  const worker = await api.app.get(LazyModuleLoader).load(() => MetricsModule);
  refresh = worker.get(RefreshAggregates);
  listening = worker.get(RefreshListening);
});
afterAll(() => api.close());
beforeEach(async () => {
  network = await createNetwork();
});

/** A tenant with a podcast of two episodes: one of 15 minutes, one of which nobody said how long it is. */
async function createNetwork(): Promise<Network> {
  const { tenantId, key } = await api.createTenant('Network');
  const [podcastId, ...episodeIds] = [randomUUID(), randomUUID(), randomUUID()];
  const { owner } = api.database;
  await owner.query(`INSERT INTO podcasts (tenant_id, id, title) VALUES ($1, $2, 'Podcast')`, [
    tenantId,
    podcastId,
  ]);
  await owner.query(
    `INSERT INTO episodes (tenant_id, id, podcast_id, guid, title, duration_seconds)
     SELECT $1, id, $2, id::text, 'Episode', CASE n WHEN 1 THEN 900 END
     FROM unnest($3::uuid[]) WITH ORDINALITY AS e (id, n)`,
    [tenantId, podcastId, episodeIds],
  );
  return { tenantId, key, podcastId, episodeIds };
}

async function store(events: readonly Told[]): Promise<void> {
  await api.database.owner.query(
    `WITH stored AS (
       INSERT INTO listener_events (tenant_id, occurred_at, event_id, episode_id, received_at, payload_hash,
                                    payload_hash_version, trusted_sender, event_type, session_id, position_ms, placement_id)
       SELECT $1, to_timestamp(at / 1000.0), gen_random_uuid(), episode, now(), 0, 1, false, type, session, position, placement
       FROM unnest($2::bigint[], $3::uuid[], $4::text[], $5::text[], $6::integer[], $7::uuid[])
         AS e (at, episode, type, session, position, placement)
       RETURNING occurred_at
     )
     INSERT INTO dirty_buckets (tenant_id, kind, bucket)
     SELECT DISTINCT $1::uuid, 'slice', date_bin('5 minutes', occurred_at, 'epoch') FROM stored`,
    [
      network.tenantId,
      events.map(({ at }) => at),
      events.map(({ episode }) => network.episodeIds[episode]),
      events.map(({ type }) => type),
      events.map(({ sessionId }) => sessionId),
      events.map(({ positionMs }) => positionMs),
      events.map(({ placementId }) => placementId ?? null),
    ],
  );
}

/** A run ends after some seconds, which a slow machine may need more than once. */
async function refreshAll(): Promise<void> {
  while ((await refresh.run()).days > 0);
  while ((await listening.run()).days > 0);
}

function get<Body>(path: string, query: Record<string, string | string[]>, key = network.key) {
  const search = new URLSearchParams();
  for (const [name, values] of Object.entries(query))
    for (const value of [values].flat()) search.append(name, value);
  return api.call<Body>('GET', `/v1/metrics/${path}?${search.toString()}`, { key });
}

async function retention(query: Record<string, string | string[]>): Promise<Retention> {
  const answer = await get<Retention>('retention', { episodeId: network.episodeIds[0]!, ...query });
  expect(answer.status).toBe(200);
  expect(JSON.stringify(answer.body)).not.toContain('NaN');
  return answer.body;
}

/** The rule of listening once more, in seconds and the slow way: what a session heard, second by second. */
function heardSeconds(session: readonly Told[]): { at: number; second: number }[] {
  const seconds: { at: number; second: number }[] = [];
  const ordered = [...session].sort((a, b) => a.at - b.at);
  ordered.forEach((later, index) => {
    const earlier = ordered[index - 1];
    if (earlier === undefined) return;
    const elapsed = (later.at - earlier.at) / 1000;
    const from = earlier.positionMs / 1000;
    const to = later.type === 'seek' ? from + elapsed : later.positionMs / 1000;
    const wasPlaying =
      earlier.type === 'seek'
        ? ['progress', 'pause', 'complete'].includes(later.type)
        : !['pause', 'complete'].includes(earlier.type);
    if (!wasPlaying || elapsed > 300 || to - from > 3.5 * elapsed + 2) return;
    for (let second = from; second < Math.min(to, from + 3.5 * elapsed); second += 1)
      seconds.push({ at: later.at, second });
  });
  return seconds;
}

function startsOf(session: readonly Told[]): number[] {
  const ordered = [...session].sort((a, b) => a.at - b.at);
  return ordered
    .filter(
      ({ type, at }, index) => type === 'play' && !(at - (ordered[index - 1]?.at ?? -Infinity) <= 300_000),
    )
    .map(({ at }) => at);
}

/** A session of two minutes around an instant: of the stretch over it only its later event says to which side it belongs. */
function overBorder(border: number, sessionId: string): Told[] {
  return [-60, -10, 20, 60].map((second, index) => ({
    type: index === 0 ? 'play' : 'progress',
    at: border + second * 1000,
    positionMs: (60 + second) * 1000,
    sessionId,
    episode: 0,
  }));
}

/** Steps of one session, in even whole seconds, so that 3.5 times a step is whole too: how long, how far, and what. */
const step = fc.record({
  passed: fc.constantFrom(2, 10, 30, 60, 240, 320).map((seconds) => seconds * 1000),
  pace: fc.constantFrom(1, 1, 1, 2, 3, 5),
  jump: fc.constantFrom(0, 0, 0, 0, 60_000, -30_000),
  type: fc.constantFrom('progress', 'progress', 'progress', 'play', 'pause', 'resume', 'seek', 'complete'),
});
const sessions = fc.array(
  fc.record({
    startsAt: fc.nat(71 * 360).map((tens) => tens * 10_000),
    from: fc.constantFrom(0, 0, 0, 300_000),
    steps: fc.array(step, { minLength: 1, maxLength: 15 }),
  }),
  { minLength: 25, maxLength: 40 },
);

describe('a retention curve', () => {
  // Three local days in which most of these zones change their clocks.
  test.each([
    ['Europe/Berlin', '2026-03-28', '2026-03-31'],
    ['America/New_York', '2026-10-31', '2026-11-02'],
    ['Asia/Kolkata', '2026-03-30', '2026-04-01'],
    ['Pacific/Kiritimati', '2026-03-31', '2026-04-02'],
    ['Australia/Lord_Howe', '2026-04-04', '2026-04-06'],
  ])('of local days in %s equals sessions read second by second', async (timeZone, from, to) => {
    const zone = localZone(timeZone);
    const [fromAt, toAt] = [from, to].map((date) => zone.instant(Date.parse(`${date}T00:00:00Z`))) as [
      number,
      number,
    ];
    const [drawn] = fc.sample(sessions, 1) as [typeof sessions extends fc.Arbitrary<infer T> ? T : never];
    const all = drawn.map(({ startsAt, from: position, steps }, index) => {
      let at = fromAt - 12 * 3_600_000 + startsAt;
      let positionMs: number = position;
      return [{ type: 'play', pace: 0, passed: 0, jump: 0 }, ...steps].map(
        ({ type, passed, pace, jump }): Told => {
          at += passed;
          positionMs = Math.max(0, positionMs + passed * pace + jump);
          return { type, at, positionMs, sessionId: `session ${index}`, episode: 0 };
        },
      );
    });
    all.push(...[fromAt, toAt].map((border, index) => overBorder(border, `border ${index}`)));
    await store(all.flat().reverse());
    await refreshAll();

    const inRange = (at: number) => at >= fromAt && at < toAt;
    const heard = all.flatMap(heardSeconds).filter(({ at }) => inRange(at));
    const starts = all.flatMap(startsOf).filter(inRange).length;
    const answer = await retention({ timeZone, from, to, window: '100000-131000' });
    expect(answer).toMatchObject({
      metric: 'listen_time',
      evidence: 'client_confirmed',
      from: new Date(fromAt).toISOString(),
      to: new Date(toAt).toISOString(),
      starts,
      value: heard.length * 1000,
    });
    const secondsIn = (low: number, high: number) =>
      heard.filter(({ second }) => second * 1000 >= low && second * 1000 < high).length;
    for (const { startMs, endMs, heardMs, share } of answer.curve) {
      expect(heardMs).toBe(secondsIn(startMs, endMs) * 1000);
      expect(share).toBe(starts === 0 ? null : heardMs / (endMs - startMs) / starts);
    }
    // The first 30 seconds of the window are whole bins, the last one is a tenth of its bin.
    expect(answer.windows[0]!.heardMs).toBeCloseTo(
      secondsIn(100_000, 130_000) * 1000 + secondsIn(130_000, 140_000) * 100,
      6,
    );
    const year = await retention({ timeZone: 'UTC', from: '2026-01-01', to: '2027-01-01' });
    expect(year.starts).toBe(all.flatMap(startsOf).length);
    expect(year.value).toBe(all.flatMap(heardSeconds).length * 1000);
    const totals = await get<{ totals: { metric: string; value: number }[] }>('totals', {
      timeZone,
      from,
      to,
    });
    expect(totals.body.totals.find(({ metric }) => metric === 'listen_time')?.value).toBe(answer.value);
    const recount = await get<{ equal: boolean; counts: object[] }>('recount', { timeZone, from, to });
    expect(recount.body.equal).toBe(true);
    expect(recount.body.counts).toContainEqual(
      expect.objectContaining({ metric: 'listen_time', raw: answer.value, rollup: answer.value }),
    );
  });
});

describe('an episode with an ad', () => {
  const range = { timeZone: 'UTC', from: '2026-03-31', to: '2026-04-01' };
  const AT = Date.parse('2026-03-31T10:00:00Z');
  const placementId = randomUUID();

  /** Ten listeners of 5 minutes: two leave at the ad of 2:00, three jump over it, of whom all stay to the end. */
  function tenListeners(): Told[] {
    return Array.from({ length: 10 }, (_, index) => {
      const tell = (type: string, second: number, position: number): Told => ({
        type,
        at: AT + index * 1_000_000 + second * 1000,
        positionMs: position * 1000,
        sessionId: `listener ${index}`,
        episode: 0,
      });
      const first = [tell('play', 0, 0), tell('progress', 100, 100)];
      if (index < 2) return [...first, tell('pause', 120, 120)];
      if (index < 5)
        return [...first, tell('seek', 120, 150), tell('progress', 170, 200), tell('pause', 270, 300)];
      const ad = { ...tell('ad_play', 120, 120), placementId };
      return [...first, ad, tell('progress', 200, 200), tell('pause', 300, 300)];
    }).flat();
  }

  test('shows who left at it and who jumped over it, also where nobody asks for a window', async () => {
    await store(tenListeners());
    await refreshAll();
    const asked = await retention({ ...range, window: ['120000-150000', '0-30000'] });
    const expected = {
      startMs: 120_000,
      endMs: 150_000,
      heardMs: 150_000,
      share: 0.5,
      shareBefore: 1,
      shareAfter: 0.8,
      unheardShare: 0.5,
      skippedShare: 0.8 - 0.5,
      leftShare: 1 - 0.8,
    };
    expect(asked.windows).toEqual([
      { ...expected, placementId: null, ads: null },
      {
        startMs: 0,
        endMs: 30_000,
        placementId: null,
        ads: null,
        heardMs: 300_000,
        share: 1,
        shareBefore: null,
        shareAfter: 1,
        unheardShare: null,
        skippedShare: null,
        leftShare: null,
      },
    ]);
    const learnt = await retention(range);
    expect(learnt.windows).toEqual([{ ...expected, placementId, ads: 5 }]);
    expect(learnt).toMatchObject({
      durationMs: 900_000,
      starts: 10,
      value: (2 * 120 + 3 * 270 + 5 * 300) * 1000,
      averageHeardMs: 255_000,
      averageCompletion: 255 / 900,
      halfHeardToMs: 300_000,
      halfCompletion: 300 / 900,
    });
    expect(learnt.curve).toHaveLength(90);
    expect(learnt.drops.map(({ startMs }) => startMs)).toEqual([300_000, 120_000]);
  });

  test('of which nothing is heard has nulls and an empty curve', async () => {
    await store(tenListeners().filter(({ type }) => type === 'pause'));
    await refreshAll();
    const answer = await retention({ ...range, window: '120000-150000' });
    expect(answer).toMatchObject({
      starts: 0,
      value: 0,
      averageHeardMs: null,
      averageCompletion: null,
      halfHeardToMs: null,
      drops: [],
    });
    expect(answer.curve.every(({ share, heardMs }) => share === null && heardMs === 0)).toBe(true);
    expect(answer.windows[0]).toMatchObject({
      heardMs: 0,
      share: null,
      shareBefore: null,
      skippedShare: null,
    });
    const unknown = await retention({ ...range, episodeId: network.episodeIds[1]! });
    expect(unknown).toMatchObject({ durationMs: null, curve: [], windows: [], halfCompletion: null });
  });

  test('is as fresh as the mark of the slice before the range', async () => {
    await store(tenListeners().slice(0, 2));
    await api.database.owner.query(
      `UPDATE dirty_buckets SET marked_at = '2026-04-01T12:00:00Z' WHERE tenant_id = $1`,
      [network.tenantId],
    );
    const asOf = async (from: string) => (await retention({ ...range, from })).asOf;
    expect(await asOf('2026-03-31T10:05:00Z')).toBe('2026-04-01T12:00:00.000Z');
    expect(await asOf('2026-03-31T10:10:00Z')).not.toBe('2026-04-01T12:00:00.000Z');
  });

  test('of another tenant is not there, and shows nothing of itself', async () => {
    await store(tenListeners());
    await refreshAll();
    const episodeId = network.episodeIds[0]!;
    const stranger = await api.createTenant('Stranger');
    const answer = await get('retention', { ...range, episodeId }, stranger.key);
    expect(answer).toMatchObject({ status: 404, body: { code: 'episode_not_found' } });
    const none = await api.call(
      'GET',
      `/v1/metrics/retention?episodeId=${episodeId}&from=2026-03-31&to=2026-04-01`,
    );
    expect(none.status).toBe(401);
  });

  test.each([
    [{ window: '5-5' }, 'invalid_window'],
    [{ window: ['0-10', '10'] }, 'invalid_window'],
    [{ window: Array.from({ length: 21 }, () => '0-10') }, 'invalid_input'],
    [{ episodeId: 'none' }, 'invalid_input'],
    [{ from: '2026-04-02' }, 'invalid_range'],
    [{ from: '2010-01-01' }, 'range_too_long'],
  ])('is not asked for with %j', async (query, code) => {
    const answer = await get('retention', { ...range, episodeId: network.episodeIds[0]!, ...query });
    expect(answer).toMatchObject({ status: 400, body: { code } });
  });
});
