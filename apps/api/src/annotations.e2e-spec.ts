import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestApi, type TestApi } from '@lib/testing';
import { createApi } from './create-api.js';

interface Annotation {
  id: string;
  happenedAt: string;
  kind: string;
  podcastId: string | null;
  episodeId: string | null;
  detail: Record<string, unknown>;
}
interface Page {
  items: Annotation[];
  next: string | null;
  code?: string;
  field?: string;
}

let api: TestApi;
let a: { tenantId: string; key: string };
let b: { tenantId: string; key: string };
beforeAll(async () => {
  api = await startTestApi(createApi);
  a = await api.createTenant('A');
  b = await api.createTenant('B');
});
afterAll(() => api.close());

const list = (query = '', key = a.key) => api.call<Page>('GET', `/v1/annotations${query}`, { key });
const notes = async (query: string) => (await list(query)).body.items.map(({ detail }) => detail['note']);

async function annotate(
  tenantId: string,
  happenedAt: string,
  podcastId: string | null,
  note: string,
): Promise<void> {
  await api.database.owner.query(
    `INSERT INTO annotations (tenant_id, id, happened_at, podcast_id, kind, detail) VALUES ($1, $2, $3, $4, 'note', $5)`,
    [tenantId, randomUUID(), happenedAt, podcastId, JSON.stringify({ note })],
  );
}

const item = (file: string) =>
  `<item><title>Low Water</title><guid>1</guid><enclosure url="${file}" type="audio/mpeg"/></item>`;

/** Imports a feed with one episode. */
async function importFeed(key: string, file: string): Promise<string> {
  const body = `<rss version="2.0"><channel><title>Tidewater</title><link>https://t.example/</link>${item(file)}</channel></rss>`;
  const headers = { 'content-type': 'application/rss+xml' };
  const answer = await api.call<{ podcastId: string }>('POST', '/v1/podcasts/import-feed/upload', {
    key,
    body,
    headers,
  });
  expect([200, 201]).toContain(answer.status);
  return answer.body.podcastId;
}

describe('annotations', () => {
  test('come from imports that change the address of a file', async () => {
    const { key } = await api.createTenant();
    const podcastId = await importFeed(key, 'https://cdn.t.example/1.mp3');
    expect((await list('', key)).body).toEqual({ items: [], next: null });
    await importFeed(key, 'https://op3.dev/e/cdn.t.example/1.mp3');
    const { status, body } = await list(`?podcastId=${podcastId}`, key);
    expect(status).toBe(200);
    const before = { host: 'cdn.t.example', prefixes: [] };
    const episodeId = expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown as string;
    expect(body.items).toEqual([
      {
        id: expect.any(String),
        happenedAt: expect.any(String),
        kind: 'prefix_changed',
        podcastId,
        episodeId,
        detail: {
          episodes: 1,
          changed: ['prefixes'],
          hostsBefore: ['cdn.t.example'],
          hostsAfter: ['cdn.t.example'],
          prefixesAdded: ['op3.dev'],
          prefixesRemoved: [],
          examples: [
            {
              episodeId,
              title: 'Low Water',
              changed: ['prefixes'],
              before,
              after: { ...before, prefixes: ['op3.dev'] },
            },
          ],
        },
      },
    ]);
  });

  test('are those of a half-open range, newest first, page by page', async () => {
    for (const [time, note] of [
      ['2026-02-28T23:59:59Z', 'before'],
      ['2026-03-01T00:00:00Z', 'first'],
      ['2026-03-31T23:59:59Z', 'last'],
      ['2026-04-01T00:00:00Z', 'after'],
    ] as const)
      await annotate(a.tenantId, time, null, note);
    expect(await notes('?from=2026-03-01&to=2026-04-01')).toEqual(['last', 'first']);
    expect(await notes('?from=2026-03-01T02:00:00%2B02:00&to=2026-04-01T00:00:01Z')).toEqual([
      'after',
      'last',
      'first',
    ]);
    const first = (await list('?from=2026-03-01&to=2026-04-01&limit=1')).body;
    expect(first.items).toHaveLength(1);
    const second = (await list(`?from=2026-03-01&to=2026-04-01&limit=1&cursor=${first.next}`)).body;
    expect([second.items[0]?.detail['note'], second.next]).toEqual(['first', null]);
    expect(await list(`?from=2026-03-02&to=2026-04-01&cursor=${first.next}`)).toMatchObject({
      status: 400,
      body: { code: 'invalid_cursor' },
    });
  });

  test('of a podcast are its own and those that concern all', async () => {
    const [one, two] = [randomUUID(), randomUUID()];
    await annotate(a.tenantId, '2027-01-01T00:00:00Z', one, 'one');
    await annotate(a.tenantId, '2027-01-02T00:00:00Z', two, 'two');
    await annotate(a.tenantId, '2027-01-03T00:00:00Z', null, 'all');
    expect(await notes(`?from=2027-01-01&podcastId=${one}`)).toEqual(['all', 'one']);
    expect(await notes('?from=2027-01-01')).toEqual(['all', 'two', 'one']);
  });

  test.each([
    ['?from=yesterday', 'invalid_input', 'from'],
    ['?from=2026-02-30', 'invalid_input', 'from'],
    ['?to=2026-03-01T00:00:00', 'invalid_input', 'to'],
    ['?from=2026-03-02&to=2026-03-02', 'invalid_range', 'to'],
    ['?podcastId=none', 'invalid_input', 'podcastId'],
  ])('refuse %s', async (query, code, field) => {
    expect(await list(query)).toMatchObject({ status: 400, body: { code, field } });
  });

  test("never show another tenant's", async () => {
    const podcastId = randomUUID();
    await annotate(a.tenantId, '2028-01-01T00:00:00Z', podcastId, 'mine');
    expect(await notes('?from=2028-01-01')).toEqual(['mine']);
    for (const query of ['', `?podcastId=${podcastId}`])
      expect((await list(query, b.key)).body).toEqual({ items: [], next: null });
  });
});
