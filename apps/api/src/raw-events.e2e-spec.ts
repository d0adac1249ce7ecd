import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DAY_MS, HOUR_MS, localZone } from '@lib/primitives';
import { startTestApi, testSettings, type TestApi } from '@lib/testing';
import { createLogger } from '@lib/observability';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import fc from 'fast-check';
import { register } from 'prom-client';
import { createApi } from './create-api.js';

interface Event extends Record<string, unknown> {
  id: string;
}
interface EventsPage {
  from: string;
  to: string;
  asOf: string;
  settledBefore: string;
  items: Event[];
  next: string | null;
}
/** An event as the test knows it. */
interface Stored {
  id: string;
  at: number;
  type: string;
  podcastId: string | null;
  episodeId: string | null;
}

/** Three of these zones change their clocks inside: New York on the 8th, Berlin on the 29th, Lord Howe on the 5th of April. */
const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu'];
const START = Date.parse('2026-03-07T00:00:00Z');
const HOURS = 30 * 24;
const ALL = { from: '2026-03-01', to: '2026-04-11' };
const TYPES = ['play', 'pause', 'download_request', 'complete'];

let api: TestApi;
let tenant: { tenantId: string; key: string };
let raw: string;
const podcasts: { id: string; episodes: string[] }[] = [];
const stored: Stored[] = [];

beforeAll(async () => {
  api = await startTestApi(createApi, { EVENTS_READS_PER_MINUTE: '100000' });
  await api.database.owner.query(`SELECT ensure_partitions('2026-02-23', '2026-04-13')`);
  tenant = await api.createTenant();
  raw = await keyOf(['raw']);
  for (const title of ['One', 'Two']) {
    const { body } = await call<{ id: string }>('/v1/podcasts', { title });
    const episodes: string[] = [];
    for (const guid of ['a', 'b'])
      episodes.push(
        (await call<{ id: string }>(`/v1/podcasts/${body.id}/episodes`, { guid, title: guid })).body.id,
      );
    podcasts.push({ id: body.id, episodes });
  }
  await storeSome(400);
});
afterAll(() => api.close());

const call = <Body>(path: string, body: object) => api.call<Body>('POST', path, { key: tenant.key, body });

async function keyOf(scopes: string[], of = tenant): Promise<string> {
  const { body } = await api.call<{ credential: string }>('POST', '/v1/keys', {
    key: of.key,
    body: { name: 'k', scopes },
  });
  return body.credential;
}

/** Events of thirty days, some at the same instant, some of no episode. Every keyed id holds the same number. */
async function storeSome(count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    const podcast = podcasts[n % 3];
    stored.push({
      id: randomUUID(),
      at: START + ((n * 7919) % HOURS) * HOUR_MS + ((n * 31) % 7) * 1_000,
      type: TYPES[n % TYPES.length] ?? '',
      podcastId: podcast?.id ?? null,
      episodeId: podcast?.episodes[n % 2] ?? null,
    });
  }
  const { owner } = api.database;
  await owner.query(
    `INSERT INTO listener_events (tenant_id, occurred_at, event_id, received_at, payload_hash, payload_hash_version, trusted_sender,
       event_type, episode_id, session_id, event_data, audience_a, audience_b, count_id_today, count_id_yesterday, address_day_id,
       net_id, user_agent_id, referrer_id, network_id, path_id, bytes_sent)
     SELECT $1, at, id, at, 1, 1, true, type, episode, 'session-1', '{"chapter": 2}', 777000777, 777000777, 777000777, 777000777,
       777000777, 777000777, 1, 1, 1, 1, 1234
     FROM unnest($2::timestamptz[], $3::uuid[], $4::text[], $5::uuid[]) AS e (at, id, type, episode)`,
    [
      tenant.tenantId,
      stored.map(({ at }) => new Date(at)),
      stored.map(({ id }) => id),
      stored.map(({ type }) => type),
      stored.map(({ episodeId }) => episodeId),
    ],
  );
  for (const [table, value] of [
    ['user_agents', 'Secret-Agent/1.0'],
    ['referrers', 'https://Player.Example.com:8443/private/path'],
    ['paths', 'private/path'],
  ])
    await owner.query(`INSERT INTO ${table} VALUES ($1, 1, $2)`, [tenant.tenantId, value]);
  await owner.query(`INSERT INTO networks VALUES ($1, 1, 'household', 64500, 'DE')`, [tenant.tenantId]);
}

const read = (query: Record<string, string>, key = raw) =>
  api.call<EventsPage>('GET', `/v1/events?${new URLSearchParams(query).toString()}`, { key });

/** All pages; the filters are sent along, the range is in the cursor. */
async function readAll(query: Record<string, string>): Promise<string[]> {
  const ids: string[] = [];
  let next: string | null = null;
  do {
    const answer = await read({ ...query, ...(next !== null && { cursor: next }) });
    expect(answer.status).toBe(200);
    ids.push(...answer.body.items.map(({ id }) => id));
    next = answer.body.next;
  } while (next !== null);
  return ids;
}

/** A local day, or an instant with its offset, and which moment that is. */
const bound = fc.oneof(
  fc.integer({ min: -1, max: 32 }).map((day) => {
    const date = new Date(START + day * DAY_MS).toISOString().slice(0, 10);
    return { text: date, at: (zone: string) => localZone(zone).instant(Date.parse(`${date}T00:00:00Z`)) };
  }),
  fc.integer({ min: 0, max: HOURS * 3_600 }).map((second) => {
    const at = START + second * 1_000;
    return { text: new Date(at).toISOString(), at: () => at };
  }),
);
const filter = fc.record({
  podcast: fc.option(fc.integer({ min: 0, max: 1 }), { nil: undefined }),
  episode: fc.option(fc.integer({ min: 0, max: 1 }), { nil: undefined }),
  type: fc.option(fc.constantFrom(...TYPES, 'ad_play'), { nil: undefined }),
});

describe('raw events', () => {
  test.each(ZONES)(
    'are those of the range and the filters, each once and in order, with days of %s',
    async (zone) => {
      await api.call('PATCH', '/v1/tenant', { key: tenant.key, body: { timeZone: zone } });
      await fc.assert(
        fc.asyncProperty(
          bound,
          bound,
          filter,
          fc.constantFrom('oldest', 'newest'),
          fc.integer({ min: 7, max: 200 }),
          async (one, two, wanted, order, limit) => {
            const [from, to] = one.at(zone) < two.at(zone) ? [one, two] : [two, one];
            const podcastId = wanted.podcast === undefined ? undefined : podcasts[wanted.podcast]!.id;
            const episodeId =
              wanted.episode === undefined ? undefined : podcasts[0]!.episodes[wanted.episode]!;
            const query = {
              from: from.text,
              to: to.text,
              order,
              limit: String(limit),
              ...(podcastId !== undefined && { podcastId }),
              ...(episodeId !== undefined && { episodeId }),
              ...(wanted.type !== undefined && { type: wanted.type }),
            };
            if (from.at(zone) === to.at(zone)) {
              expect((await read(query)).body).toMatchObject({ code: 'invalid_range' });
              return;
            }
            const expected = stored
              .filter((event) => event.at >= from.at(zone) && event.at < to.at(zone))
              .filter((event) => podcastId === undefined || event.podcastId === podcastId)
              .filter((event) => episodeId === undefined || event.episodeId === episodeId)
              .filter((event) => wanted.type === undefined || event.type === wanted.type)
              .sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1))
              .map(({ id }) => id);
            expect(await readAll(query)).toEqual(order === 'oldest' ? expected : expected.reverse());
          },
        ),
        { numRuns: 25 },
      );
    },
  );

  test('show what happened, and nothing that names a listener', async () => {
    const { id, at, podcastId, episodeId } = stored.find(
      ({ type, podcastId: of }) => type === 'play' && of !== null,
    )!;
    const { body } = await read({ from: new Date(at).toISOString(), to: new Date(at + 1).toISOString() });
    expect(body.items.find((item) => item.id === id)).toEqual({
      id,
      podcastId,
      episodeId,
      type: 'play',
      occurredAt: new Date(at).toISOString(),
      receivedAt: new Date(at).toISOString(),
      evidence: 'client_confirmed',
      app: null,
      device: null,
      country: 'DE',
      positionMs: null,
      bytes: 1234,
      placementId: null,
      sessionId: 'session-1',
      referrerHost: 'player.example.com',
      data: { chapter: 2 },
    });
    expect(JSON.stringify(body)).not.toMatch(/777000777|Secret-Agent|private/);
  });

  test('are the last 24 hours where no range is asked for, and the answer says up to when it is complete', async () => {
    const before = Date.now();
    const { body } = await read({});
    expect(Date.parse(body.to) - Date.parse(body.from)).toBe(DAY_MS);
    expect(body.asOf).toBe(body.to);
    expect(Math.abs(Date.parse(body.asOf) - before)).toBeLessThan(10_000);
    expect(Date.parse(body.asOf) - Date.parse(body.settledBefore)).toBe(7 * DAY_MS);
  });

  test('go on after what came in meanwhile', async () => {
    const query = { ...ALL, limit: '50' };
    const first = await read(query);
    const early = { id: randomUUID(), at: START - 1 };
    await api.database.owner.query(
      `INSERT INTO listener_events (tenant_id, occurred_at, event_id, received_at, payload_hash, payload_hash_version, trusted_sender, event_type)
       VALUES ($1, $2, $3, now(), 1, 1, false, 'seek')`,
      [tenant.tenantId, new Date(START + 1), early.id],
    );
    const second = await read({ ...query, cursor: first.body.next! });
    const ids = [...first.body.items, ...second.body.items].map(({ id }) => id);
    expect(ids).toHaveLength(100);
    expect(new Set(ids).size).toBe(100);
    expect(ids).not.toContain(early.id);
    expect((await read({ ...query, type: 'seek' })).body.items.map(({ id }) => id)).toEqual([early.id]);
  });

  test('are those of the tenant alone, by whatever it sends', async () => {
    const stranger = await api.createTenant('Stranger');
    const key = await keyOf(['raw'], stranger);
    expect((await read(ALL, key)).body.items).toEqual([]);
    for (const query of [{ podcastId: podcasts[0]!.id }, { episodeId: podcasts[0]!.episodes[0]! }] as Record<
      string,
      string
    >[])
      expect((await read({ ...ALL, ...query }, key)).status).toBe(404);
    const cursor = (await read({ ...ALL, limit: '5' })).body.next!;
    for (const [wrong, by] of [
      [cursor, key],
      [`${cursor}x`, raw],
      ['x.y', raw],
    ])
      expect((await read({ ...ALL, cursor: wrong! }, by)).body).toMatchObject({ code: 'invalid_cursor' });
    expect((await read({ ...ALL, cursor, order: 'newest' })).body).toMatchObject({
      code: 'invalid_cursor',
    });
  });

  test('take a key with their own scope', async () => {
    for (const scopes of [['read'], ['write'], ['ingest'], ['read', 'write', 'ingest']])
      expect([scopes, (await read({}, await keyOf(scopes))).status]).toEqual([scopes, 403]);
    expect((await read({}, tenant.key)).status).toBe(200);
  });

  test('name apps and devices as downloads do, and never show the agent itself', async () => {
    const { key } = await api.createTenant();
    const post = <Body>(path: string, body: object) => api.call<Body>('POST', path, { key, body });
    const rules = {
      window: 'calendar_day',
      contentSeconds: 60,
      header: 'required',
      requestsPerAddressDay: null,
    };
    const more = { breadth: { episodes: 30, minutes: 10 }, filteredNetworks: ['hosting'] };
    await post('/v1/rule-sets', { version: '1', validFrom: '2020-01-01', rules: { ...rules, ...more } });
    const sender = { name: 'cdn', scopes: ['ingest'], trustedSender: true };
    const { credential } = (await post<{ credential: string }>('/v1/keys', sender)).body;
    const podcast = (await post<{ id: string }>('/v1/podcasts', { title: 'One' })).body.id;
    const episode = { guid: 'a', title: 'a' };
    const episodeId = (await post<{ id: string }>(`/v1/podcasts/${podcast}/episodes`, episode)).body.id;
    const events = ['AntennaPod/3.4.0 (iPad)', 'nobody-knows-this/1.0'].map((userAgent, n) => ({
      id: randomUUID(),
      type: 'play',
      occurredAt: new Date(Date.now() - HOUR_MS + n).toISOString(),
      episodeId,
      client: { ip: '192.0.2.1', userAgent },
    }));
    await api.call('POST', '/v1/events/batch', { key: credential, body: { events } });
    const { body } = await read({}, key);
    expect(body.items.map(({ app, device }) => [app, device])).toEqual([
      ['AntennaPod', 'mobile'],
      ['unknown', 'unknown'],
    ]);
    expect(JSON.stringify(body)).not.toMatch(/3\.4\.0|nobody-knows/);
  });

  test.each([
    { limit: '0' },
    { limit: '1001' },
    { type: 'nothing' },
    { podcastId: 'x' },
    { order: 'random' },
    { from: '2026-02-30' },
  ] as Record<string, string>[])('%j is refused', async (query) => {
    expect((await read(query)).status).toBe(400);
  });
});

describe('a tenant that reads too often', () => {
  let slow: NestFastifyApplication;
  beforeAll(async () => {
    register.clear(); // a process has one API
    slow = await createApi(
      testSettings(api.database, { EVENTS_READS_PER_MINUTE: '3' }),
      createLogger('silent'),
    );
  });
  afterAll(() => slow.close());

  test('is told when to come back, alone, and before that what is left', async () => {
    const get = (key: string) =>
      slow.inject({ method: 'GET', url: '/v1/events', headers: { authorization: `Bearer ${key}` } });
    const other = await api.createTenant();
    for (const left of [2, 1, 0]) {
      const { statusCode, headers } = await get(raw);
      expect([statusCode, headers['ratelimit-policy']]).toEqual([200, '"events";q=3;w=60']);
      expect(headers['ratelimit']).toMatch(new RegExp(`^"events";r=${left};t=([1-9]|[1-5]\\d|60)$`));
    }
    const refused = await get(raw);
    expect([refused.statusCode, refused.json<{ code: string }>().code]).toEqual([429, 'rate_limited']);
    expect(refused.headers['ratelimit']).toMatch(/^"events";r=0;t=/);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect((await get(other.key)).statusCode).toBe(200);
  });
});
