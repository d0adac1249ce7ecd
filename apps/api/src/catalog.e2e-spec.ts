import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestApi, type Answer, type TestApi } from '@lib/testing';
import { createApi } from './create-api.js';

let api: TestApi;
let a: { tenantId: string; key: string };
let b: { tenantId: string; key: string };
beforeAll(async () => {
  api = await startTestApi(createApi);
  a = await api.createTenant('A');
  b = await api.createTenant('B');
});
afterAll(() => api.close());

interface Row {
  id: string;
  title: string;
}
interface Page {
  items: Row[];
  next: string | null;
}

async function createPodcast(key: string, body: object = { title: 'Signal & Salt' }): Promise<Row> {
  const answer = await api.call<Row & Record<string, unknown>>('POST', '/v1/podcasts', { key, body });
  expect(answer.status).toBe(201);
  return answer.body;
}

async function createEpisode(key: string, podcastId: string, body: object): Promise<Row> {
  const path = `/v1/podcasts/${podcastId}/episodes`;
  const answer = await api.call<Row & Record<string, unknown>>('POST', path, { key, body });
  expect(answer.status).toBe(201);
  return answer.body;
}

/** Every page of a list from `start` on. */
async function allPages(key: string, path: string, start: string | null = null): Promise<Row[][]> {
  const pages: Row[][] = [];
  let cursor = start;
  do {
    const query = cursor === null ? '' : `&cursor=${cursor}`;
    const { status, body } = await api.call<Page>('GET', `${path}${query}`, { key });
    expect(status).toBe(200);
    pages.push(body.items);
    cursor = body.next;
  } while (cursor !== null);
  return pages;
}

/** An answer without what differs from request to request. */
function comparable({ status, body }: Answer<Record<string, unknown>>): object {
  return { status, body: { ...body, requestId: '' } };
}

/** Asserts that B is told about A's row what it is told about one that never was. */
async function expectSameAsUnknown(method: string, path: (id: string) => string, id: string, body?: object) {
  const options = { key: b.key, ...(body && { body }) };
  const foreign = await api.call(method, path(id), options);
  const unknown = await api.call(method, path(randomUUID()), options);
  expect(foreign.status).toBe(404);
  expect(comparable(foreign)).toEqual(comparable(unknown));
}

describe('podcasts', () => {
  test('is created with every field, read, changed and archived', async () => {
    const fields = {
      title: 'Gravel Radio',
      description: 'Roads & rocks 🎙️',
      author: 'Gravel',
      language: 'en',
      link: 'https://gravelradio.example/',
      imageUrl: 'https://gravelradio.example/cover.jpg',
      feedUrl: 'https://GravelRadio.example/feed#top',
      podcastGuid: 'E639FB86-8AFC-5D15-9848-BDAD418D6259',
      metadata: { network: { tier: 2 }, tags: ['a', 'b'] },
    };
    const { id } = await createPodcast(a.key, fields);
    const read = await api.call('GET', `/v1/podcasts/${id}`, { key: a.key });
    expect(read.body).toEqual({
      ...fields,
      id,
      feedUrl: 'https://gravelradio.example/feed',
      podcastGuid: 'e639fb86-8afc-5d15-9848-bdad418d6259',
      feedCheckedAt: null,
      feedError: null,
      archivedAt: null,
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
      updatedAt: expect.stringMatching(/^\d{4}-.*Z$/),
    });

    const change = { author: null, title: 'Gravel' };
    const changed = await api.call('PATCH', `/v1/podcasts/${id}`, { key: a.key, body: change });
    expect(changed.status).toBe(200);
    expect(changed.body).toMatchObject({ title: 'Gravel', author: null, language: 'en' });

    const gone = await api.call('DELETE', `/v1/podcasts/${id}`, { key: a.key });
    expect([gone.status, gone.body]).toEqual([204, '']);
    const list = await allPages(a.key, '/v1/podcasts?limit=200');
    expect(list.flat().map((row) => row.id)).not.toContain(id);
    const archived = await api.call('GET', `/v1/podcasts/${id}`, { key: a.key });
    expect(archived.body).toMatchObject({ title: 'Gravel', archivedAt: expect.any(String) });

    // Archiving again changes nothing; bringing it back does.
    await api.call('DELETE', `/v1/podcasts/${id}`, { key: a.key });
    const again = await api.call('GET', `/v1/podcasts/${id}`, { key: a.key });
    expect(again.body['archivedAt']).toBe(archived.body['archivedAt']);
    const back = { key: a.key, body: { archived: false } };
    expect((await api.call('PATCH', `/v1/podcasts/${id}`, back)).body).toMatchObject({ archivedAt: null });
    const listed = (await allPages(a.key, '/v1/podcasts?limit=200')).flat().find((row) => row.id === id);
    expect(listed).toEqual((await api.call('GET', `/v1/podcasts/${id}`, { key: a.key })).body);
  });

  test('pages hold every podcast once, newest first, also while others are added', async () => {
    const { key } = await api.createTenant();
    const titles = ['one', 'two', 'three', 'four', 'five'];
    for (const title of titles) await createPodcast(key, { title });
    const first = await api.call<Page>('GET', '/v1/podcasts?limit=2', { key });
    await createPodcast(key, { title: 'late' });
    const rest = await allPages(key, '/v1/podcasts?limit=2', first.body.next);
    expect([...first.body.items, ...rest.flat()].map((row) => row.title)).toEqual([...titles].reverse());
    expect(rest).toHaveLength(2);
  });

  test('a cursor is refused when it was changed, belongs to another tenant or to another list', async () => {
    const own = await api.createTenant();
    const podcast = await createPodcast(own.key);
    await createPodcast(own.key);
    const { next } = (await api.call<Page>('GET', '/v1/podcasts?limit=1', { key: own.key })).body;
    const read = (key: string, path: string) => api.call('GET', path, { key });
    const refused = { status: 400, body: { code: 'invalid_cursor', field: 'cursor' } };
    expect(await read(b.key, `/v1/podcasts?cursor=${next}`)).toMatchObject(refused);
    expect(await read(own.key, `/v1/podcasts?cursor=x${next}`)).toMatchObject(refused);
    expect(await read(own.key, `/v1/podcasts/${podcast.id}/episodes?cursor=${next}`)).toMatchObject(refused);
    expect((await read(own.key, `/v1/podcasts?cursor=${next}`)).status).toBe(200);
  });

  test('search finds by part of the title and by resemblance, and has one page', async () => {
    const { key } = await api.createTenant();
    await createPodcast(key, { title: 'The Lighthouse Hour' });
    await createPodcast(key, { title: 'Brick & Byte' });
    await createPodcast(b.key, { title: 'Lighthouses of B' });
    const found = await api.call<Page>('GET', '/v1/podcasts?search=lighthose', { key });
    expect(found.body).toMatchObject({ items: [{ title: 'The Lighthouse Hour' }], next: null });
    expect(found.body.items).toHaveLength(1);
    const both = await api.call('GET', '/v1/podcasts?search=x&cursor=y', { key });
    expect(both).toMatchObject({ status: 400, body: { field: 'cursor' } });
  });

  test('a tenant is told the same about another’s podcast as about none', async () => {
    const { id } = await createPodcast(a.key);
    const path = (podcastId: string) => `/v1/podcasts/${podcastId}`;
    await expectSameAsUnknown('GET', path, id);
    await expectSameAsUnknown('PATCH', path, id, { title: 'taken' });
    await expectSameAsUnknown('DELETE', path, id);
    await expectSameAsUnknown('GET', (podcastId) => `${path(podcastId)}/episodes`, id);
    await expectSameAsUnknown('POST', (podcastId) => `${path(podcastId)}/episodes`, id, { title: 'x' });
    const untouched = await api.call('GET', path(id), { key: a.key });
    expect(untouched.body).toMatchObject({ title: 'Signal & Salt', archivedAt: null });
    expect((await allPages(b.key, '/v1/podcasts?limit=200')).flat().map((row) => row.id)).not.toContain(id);
  });

  test.each([
    ['title', { title: '' }],
    ['title', { title: 'a\0b' }],
    ['title', { title: 'half \ud83c' }],
    ['title', { title: null }],
    ['link', { title: 'x', link: 'javascript:alert(1)' }],
    ['feedUrl', { title: 'x', feedUrl: 'https://user:secret@feeds.example/' }],
    ['feedUrl', { title: 'x', feedUrl: `https://feeds.example/${'ü'.repeat(1000)}` }],
    ['podcastGuid', { title: 'x', podcastGuid: 'no' }],
    ['metadata', { title: 'x', metadata: { 'k\0': 1 } }],
    ['metadata', { title: 'x', metadata: { a: [{ b: '\ud83c' }] } }],
    ['metadata', { title: 'x', metadata: null }],
    [
      'metadata',
      { title: 'x', metadata: { deep: JSON.parse('['.repeat(500) + ']'.repeat(500)) as unknown } },
    ],
    ['tenantId', { title: 'x', tenantId: randomUUID() }],
  ])('an unusable %s is named', async (field, body) => {
    for (const method of ['POST', 'PATCH']) {
      const path = method === 'POST' ? '/v1/podcasts' : `/v1/podcasts/${randomUUID()}`;
      // A length that only shows after encoding is judged when the podcast is known.
      if (method === 'PATCH' && JSON.stringify(body).includes('ü')) continue;
      const answer = await api.call(method, path, { key: a.key, body });
      expect(answer).toMatchObject({ status: 400, body: { field } });
    }
  });

  test('reading asks for the scope read, writing for write', async () => {
    const reader = await api.call<{ credential: string }>('POST', '/v1/keys', {
      key: a.key,
      body: { name: 'Reader', scopes: ['read'] },
    });
    const key = reader.body.credential;
    const { id } = await createPodcast(a.key);
    expect((await api.call('GET', `/v1/podcasts/${id}`, { key })).status).toBe(200);
    expect((await api.call('POST', '/v1/podcasts', { key, body: { title: 'x' } })).status).toBe(403);
    expect((await api.call('DELETE', `/v1/podcasts/${id}`, { key })).status).toBe(403);
    const importing = await api.call('POST', '/v1/podcasts/import-feed', {
      key,
      body: { url: 'https://x.example' },
    });
    expect(importing.status).toBe(403);
    expect((await api.call('GET', '/v1/podcasts')).status).toBe(401);
  });
});

describe('episodes', () => {
  test('is created with every field, read, changed and archived', async () => {
    const podcast = await createPodcast(a.key);
    const fields = {
      title: 'The keeper',
      guid: 'hl-1',
      description: 'Notes',
      link: 'https://harbourlight.example/1',
      publishedAt: '2026-10-12T07:00:00+02:00',
      episodeType: 'bonus',
      season: 2,
      episodeNumber: 3,
      enclosureUrl: 'https://op3.dev/e/cdn.harbourlight.example/1.mp3?x=1',
      enclosureType: 'audio/mpeg',
      mediaBytes: 5_000_000_000,
      headerBytes: 45_056,
      durationSeconds: 1440,
      metadata: { editor: 'M' },
    };
    const { id } = await createEpisode(a.key, podcast.id, fields);
    const read = await api.call('GET', `/v1/episodes/${id}`, { key: a.key });
    expect(read.body).toEqual({
      ...fields,
      id,
      podcastId: podcast.id,
      publishedAt: '2026-10-12T05:00:00.000Z',
      mediaKey: 'cdn.harbourlight.example/1.mp3',
      mediaBytesSource: 'api',
      headerBytesSource: 'api',
      durationSource: 'api',
      archivedAt: null,
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
    });

    const change = { mediaBytes: null, enclosureUrl: null, title: 'Keeper', season: null };
    const changed = await api.call('PATCH', `/v1/episodes/${id}`, { key: a.key, body: change });
    expect(changed.status).toBe(200);
    expect(changed.body).toMatchObject({
      ...change,
      mediaKey: '',
      mediaBytesSource: null,
      headerBytes: 45_056,
    });

    expect((await api.call('DELETE', `/v1/episodes/${id}`, { key: a.key })).status).toBe(204);
    expect(await allPages(a.key, `/v1/podcasts/${podcast.id}/episodes?limit=9`)).toEqual([[]]);
    const archived = await api.call('GET', `/v1/episodes/${id}`, { key: a.key });
    expect(archived.body).toMatchObject({ archivedAt: expect.any(String) });
    const back = { key: a.key, body: { archived: false } };
    expect((await api.call('PATCH', `/v1/episodes/${id}`, back)).body).toMatchObject({ archivedAt: null });
  });

  test('an episode without a guid gets its id as guid', async () => {
    const podcast = await createPodcast(a.key);
    const episode = await createEpisode(a.key, podcast.id, { title: 'No guid' });
    expect(episode).toMatchObject({
      guid: episode.id,
      episodeType: 'full',
      enclosureUrl: null,
      mediaKey: '',
    });
  });

  test('the same guid and file twice is a conflict, by creation and by change', async () => {
    const podcast = await createPodcast(a.key);
    const enclosureUrl = 'https://cdn.example/1.mp3';
    await createEpisode(a.key, podcast.id, { title: 'x', guid: 'g', enclosureUrl });
    const path = `/v1/podcasts/${podcast.id}/episodes`;
    const twice = await api.call('POST', path, {
      key: a.key,
      body: { title: 'y', guid: 'g', enclosureUrl: 'https://op3.dev/e/cdn.example/1.mp3' },
    });
    expect(twice).toMatchObject({ status: 409, body: { code: 'episode_exists', field: 'guid' } });
    const { id } = await createEpisode(a.key, podcast.id, { title: 'y', guid: 'g' });
    const change = { key: a.key, body: { enclosureUrl } };
    expect((await api.call('PATCH', `/v1/episodes/${id}`, change)).status).toBe(409);
  });

  test('pages hold every episode of the podcast once, newest first', async () => {
    const podcast = await createPodcast(a.key);
    const elsewhere = await createPodcast(a.key);
    for (const title of ['1', '2', '3']) await createEpisode(a.key, podcast.id, { title });
    await createEpisode(a.key, elsewhere.id, { title: 'elsewhere' });
    const pages = await allPages(a.key, `/v1/podcasts/${podcast.id}/episodes?limit=2`);
    expect(pages.map((page) => page.map((row) => row.title))).toEqual([['3', '2'], ['1']]);
    expect(Object.keys(pages[0]![0]!)).not.toContain('description');
    const { next } = (
      await api.call<Page>('GET', `/v1/podcasts/${podcast.id}/episodes?limit=1`, { key: a.key })
    ).body;
    const other = await api.call('GET', `/v1/podcasts/${elsewhere.id}/episodes?cursor=${next}`, {
      key: a.key,
    });
    expect(other).toMatchObject({ status: 400, body: { code: 'invalid_cursor' } });
  });

  test('search looks through all podcasts or one, and leaves out what is archived', async () => {
    const { key } = await api.createTenant();
    const one = await createPodcast(key, { title: 'One' });
    const two = await createPodcast(key, { title: 'Two' });
    await createEpisode(key, one.id, { title: 'Skerry in winter' });
    await createEpisode(key, two.id, { title: 'Skerry' });
    const hidden = await createEpisode(key, two.id, { title: 'Skerry, archived' });
    await api.call('DELETE', `/v1/episodes/${hidden.id}`, { key });
    const b1 = await createPodcast(b.key);
    await createEpisode(b.key, b1.id, { title: 'Skerry of B' });

    const search = async (query: string) => {
      const { status, body } = await api.call<Page>('GET', `/v1/episodes?${query}`, { key });
      expect([status, body.next]).toEqual([200, null]);
      return body.items.map((row) => row.title);
    };
    expect(await search('search=skerry')).toEqual(['Skerry', 'Skerry in winter']);
    expect(await search(`search=skerry&podcastId=${one.id}`)).toEqual(['Skerry in winter']);
    expect(await search(`search=skerry&podcastId=${b1.id}`)).toEqual([]);
    expect(await search('search=skerry&limit=1')).toEqual(['Skerry']);
    await api.call('DELETE', `/v1/podcasts/${two.id}`, { key });
    expect(await search('search=skerry')).toEqual(['Skerry in winter']);
    expect((await api.call('GET', '/v1/episodes?search=a%00b', { key })).body).toMatchObject({
      field: 'search',
    });
    const paged = await api.call('GET', '/v1/episodes?search=skerry&cursor=x', { key });
    expect(paged).toMatchObject({ status: 400, body: { field: 'cursor' } });
  });

  test('pages without a search hold every episode of every podcast once, the last added first', async () => {
    const { key } = await api.createTenant();
    const one = await createPodcast(key, { title: 'One' });
    const two = await createPodcast(key, { title: 'Two' });
    const closed = await createPodcast(key, { title: 'Closed' });
    for (const [podcast, title] of [
      [one, '1'],
      [two, '2'],
      [closed, 'of an archived podcast'],
      [one, '3'],
      [two, '4'],
      [one, '5'],
    ] as const)
      await createEpisode(key, podcast.id, { title });
    const hidden = await createEpisode(key, one.id, { title: 'archived' });
    await api.call('DELETE', `/v1/episodes/${hidden.id}`, { key });
    await api.call('DELETE', `/v1/podcasts/${closed.id}`, { key });
    const ofB = await createPodcast(b.key);
    await createEpisode(b.key, ofB.id, { title: 'of B' });

    const titles = async (path: string, start?: string | null) =>
      (await allPages(key, path, start)).map((page) => page.map((row) => row.title));
    expect(await titles('/v1/episodes?limit=2')).toEqual([['5', '4'], ['3', '2'], ['1']]);
    expect(await titles(`/v1/episodes?limit=2&podcastId=${one.id}`)).toEqual([['5', '3'], ['1']]);
    expect(await titles(`/v1/episodes?limit=2&podcastId=${ofB.id}`)).toEqual([[]]);
    expect(await titles(`/v1/episodes?limit=2&podcastId=${closed.id}`)).toEqual([['of an archived podcast']]);

    // Neither a page nor a title is lost to what is added meanwhile.
    const first = (await api.call<Page>('GET', '/v1/episodes?limit=2', { key })).body;
    await createEpisode(key, two.id, { title: 'late' });
    expect(await titles('/v1/episodes?limit=2', first.next)).toEqual([['3', '2'], ['1']]);
    for (const path of [`/v1/episodes?podcastId=${one.id}`, '/v1/podcasts?limit=2'])
      expect(await api.call('GET', `${path}&cursor=${first.next}`, { key })).toMatchObject({
        status: 400,
        body: { code: 'invalid_cursor' },
      });
  });

  test('a tenant is told the same about another’s episode as about none', async () => {
    const podcast = await createPodcast(a.key);
    const { id } = await createEpisode(a.key, podcast.id, { title: 'Mine' });
    const path = (episodeId: string) => `/v1/episodes/${episodeId}`;
    await expectSameAsUnknown('GET', path, id);
    await expectSameAsUnknown('PATCH', path, id, { title: 'taken' });
    await expectSameAsUnknown('DELETE', path, id);
    const untouched = await api.call('GET', path(id), { key: a.key });
    expect(untouched.body).toMatchObject({ title: 'Mine', archivedAt: null });
  });

  test.each([
    ['publishedAt', { publishedAt: '2026-10-12T05:00:00' }],
    ['publishedAt', { publishedAt: '0000-01-01T00:00:00Z' }],
    ['publishedAt', { publishedAt: 7 }],
    ['mediaBytes', { mediaBytes: -1 }],
    ['mediaBytes', { mediaBytes: 2 ** 60 }],
    ['season', { season: 2 ** 31 }],
    ['episodeType', { episodeType: 'live' }],
    ['episodeType', { episodeType: null }],
    ['guid', { guid: '\0' }],
    ['description', { description: '\ud83c' }],
    ['enclosureUrl', { enclosureUrl: 'ftp://x.example/1.mp3' }],
    ['enclosureUrl', { enclosureUrl: `https://x.example/${'ü'.repeat(1000)}.mp3` }],
    ['mediaKey', { mediaKey: 'x' }],
  ])('an unusable %s is named', async (field, body) => {
    const podcast = await createPodcast(a.key);
    const answer = await api.call('POST', `/v1/podcasts/${podcast.id}/episodes`, {
      key: a.key,
      body: { title: 'x', ...body },
    });
    expect(answer).toMatchObject({ status: 400, body: { field } });
  });
});

test('names of tenants and keys that PostgreSQL could not store are refused', async () => {
  const tenant = await api.call('PATCH', '/v1/tenant', { key: a.key, body: { name: 'a\0' } });
  expect(tenant).toMatchObject({ status: 400, body: { field: 'name' } });
  const key = await api.call('POST', '/v1/keys', { key: a.key, body: { name: 'a\0', scopes: ['read'] } });
  expect(key).toMatchObject({ status: 400, body: { field: 'name' } });
});

test('a feed at a private address is never reached unless the operator allows it', async () => {
  let hits = 0;
  const server = createServer((_request, response) => {
    hits += 1;
    response.end('<rss/>');
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  for (const url of [
    `http://127.0.0.1:${port}/`,
    `http://localhost:${port}/`,
    'http://[::1]/',
    'http://127.1/',
  ]) {
    const answer = await api.call('POST', '/v1/podcasts/import-feed', { key: a.key, body: { url } });
    expect(answer).toMatchObject({ status: 422, body: { code: 'feed_address_refused' } });
  }
  expect(hits).toBe(0);
  server.close();
});
