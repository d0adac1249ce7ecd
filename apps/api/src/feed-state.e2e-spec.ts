import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestApi, type Answer, type TestApi } from '@lib/testing';
import { createApi } from './create-api.js';

interface State {
  url: string | null;
  checkedAt: string | null;
  nextCheckAt: string | null;
  failures: number;
  error: { code: string; message: string } | null;
  code?: string;
}

const FEED = 'https://feeds.harbourlight.example/signal';
let api: TestApi;
let a: { tenantId: string; key: string };
let b: { tenantId: string; key: string };
beforeAll(async () => {
  api = await startTestApi(createApi);
  a = await api.createTenant('A');
  b = await api.createTenant('B');
});
afterAll(() => api.close());

async function createPodcast(feedUrl: string | null = FEED): Promise<string> {
  const body = { title: 'Signal & Salt', feedUrl };
  const answer = await api.call<{ id: string }>('POST', '/v1/podcasts', { key: a.key, body });
  expect(answer.status).toBe(201);
  return answer.body.id;
}

const read = (id: string, key = a.key) => api.call<State>('GET', `/v1/podcasts/${id}/feed`, { key });
const check = (id: string, key = a.key) => api.call<State>('POST', `/v1/podcasts/${id}/feed/check`, { key });
const change = (id: string, body: object) => api.call('PATCH', `/v1/podcasts/${id}`, { key: a.key, body });
const store = (id: string, text: string) =>
  api.database.owner.query(`UPDATE podcasts SET ${text} WHERE id = $1`, [id]);

const FAILED = `feed_checked_at = now() - interval '1 hour', feed_failures = 3, feed_etag = '"1"',
  feed_error = 'feed_status: the server says: 503', feed_next_check_at = '2100-01-01Z'`;

describe('the state of a feed', () => {
  test('says that a new feed is due', async () => {
    const { status, body } = await read(await createPodcast());
    expect(status).toBe(200);
    expect(body).toEqual({
      url: FEED,
      checkedAt: null,
      nextCheckAt: expect.any(String),
      failures: 0,
      error: null,
    });
    expect(Math.abs(Date.parse(body.nextCheckAt ?? '') - Date.now())).toBeLessThan(60_000);
  });

  test('says what failed', async () => {
    const id = await createPodcast();
    await store(id, FAILED);
    expect((await read(id)).body).toMatchObject({
      failures: 3,
      nextCheckAt: '2100-01-01T00:00:00.000Z',
      error: { code: 'feed_status', message: 'the server says: 503' },
    });
  });

  test('says that a feed is not polled: gone, archived, or without an address', async () => {
    const [gone, archived, none] = [await createPodcast(), await createPodcast(), await createPodcast(null)];
    await store(gone, "feed_next_check_at = 'infinity'");
    await change(archived, { archived: true });
    for (const id of [gone, archived, none]) expect((await read(id)).body.nextCheckAt).toBeNull();
    expect((await read(none)).body.url).toBeNull();
  });

  test('begins anew with another address, and only then', async () => {
    const id = await createPodcast();
    await store(id, FAILED);
    await change(id, { feedUrl: FEED, title: 'Same address' });
    expect((await read(id)).body).toMatchObject({ failures: 3, nextCheckAt: '2100-01-01T00:00:00.000Z' });
    await change(id, { feedUrl: `${FEED}/new` });
    const { body } = await read(id);
    expect(body).toMatchObject({ url: `${FEED}/new`, checkedAt: null, failures: 0, error: null });
    expect(Date.parse(body.nextCheckAt ?? '')).toBeLessThan(Date.now() + 60_000);
    const { rows } = await api.database.owner.query('SELECT feed_etag FROM podcasts WHERE id = $1', [id]);
    expect(rows).toEqual([{ feed_etag: null }]);
  });
});

describe('a check', () => {
  test('makes the feed due, also one that was given up', async () => {
    const id = await createPodcast();
    for (const next of ['2100-01-01Z', 'infinity']) {
      await store(id, `feed_checked_at = now() - interval '1 hour', feed_next_check_at = '${next}'`);
      const { status, body } = await check(id);
      expect(status).toBe(202);
      expect(Date.parse(body.nextCheckAt ?? '')).toBeLessThan(Date.now() + 60_000);
    }
  });

  test('is refused while the feed may be on its way, and says for how long', async () => {
    const id = await createPodcast();
    await store(id, "feed_checked_at = now() - interval '20 seconds', feed_next_check_at = '2100-01-01Z'");
    const answer = await check(id);
    expect([answer.status, answer.body.code]).toEqual([429, 'feed_checked_recently']);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(90);
    expect(Number(answer.headers['retry-after'])).toBeLessThanOrEqual(100);
    expect((await read(id)).body.nextCheckAt).toBe('2100-01-01T00:00:00.000Z');
  });

  test('of nothing is refused', async () => {
    const [archived, none] = [await createPodcast(), await createPodcast(null)];
    await change(archived, { archived: true });
    for (const id of [archived, none])
      expect(await check(id)).toMatchObject({ status: 409, body: { code: 'feed_not_polled' } });
  });
});

test("another tenant's feed is neither shown nor checked: it is answered like one that never was", async () => {
  const id = await createPodcast();
  await store(id, FAILED);
  const before = (await read(id)).body;
  const comparable = ({ status, body }: Answer<State>) => ({ status, body: { ...body, requestId: '' } });
  for (const ask of [read, check]) {
    const foreign = await ask(id, b.key);
    expect(foreign.status).toBe(404);
    expect(comparable(foreign)).toEqual(comparable(await ask(randomUUID(), b.key)));
  }
  expect((await read(id)).body).toEqual(before);
});
