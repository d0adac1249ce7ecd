import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestApi, type Answer, type TestApi } from '@lib/testing';
import { createApi } from './create-api.js';

const FIXTURES = join(import.meta.dirname, '../../../libs/catalog/src/infrastructure/fixtures');
const UPLOAD = '/v1/podcasts/import-feed/upload';

interface Report {
  podcastId: string;
  created: boolean;
  episodes: { created: number; updated: number; unchanged: number };
  skipped: { position: number; title: string | null; code: string; detail: string }[];
  warnings: { position: number | null; code: string; detail: string }[];
  notInFeed: number;
  code?: string;
}
interface Episode {
  id: string;
  guid: string;
  title: string;
  publishedAt: string | null;
  mediaKey: string;
  mediaBytes: number | null;
  mediaBytesSource: string | null;
}

let api: TestApi;
let server: Server;
let origin: string;
/** What the feed server answers, by path. */
const pages = new Map<string, (request: IncomingMessage, response: ServerResponse) => void>();
let hits = 0;

beforeAll(async () => {
  api = await startTestApi(createApi, { FEED_ALLOW_PRIVATE_ADDRESSES: 'true' });
  server = createServer((request, response) => {
    hits += 1;
    const page = pages.get(request.url ?? '');
    if (page) page(request, response);
    else response.writeHead(404).end();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.close();
  await api.close();
});

function fixture(name: string): Buffer {
  return readFileSync(join(FIXTURES, name));
}

async function newKey(): Promise<string> {
  return (await api.createTenant()).key;
}

/** Sends a feed as browsers do. */
async function upload(key: string, feed: Buffer | string, query = ''): Promise<Answer<Report>> {
  const form = new FormData();
  form.append('file', new Blob([feed]), 'feed.xml');
  const encoded = new Response(form);
  const headers = { 'content-type': encoded.headers.get('content-type') ?? '' };
  const body = Buffer.from(await encoded.arrayBuffer());
  return api.call<Report>('POST', `${UPLOAD}${query}`, { key, body, headers });
}

function importUrl(key: string, path: string, podcastId?: string): Promise<Answer<Report>> {
  const body = { url: `${origin}${path}`, ...(podcastId && { podcastId }) };
  return api.call<Report>('POST', '/v1/podcasts/import-feed', { key, body });
}

async function podcasts(key: string): Promise<Record<string, unknown>[]> {
  const answer = await api.call<{ items: Record<string, unknown>[] }>('GET', '/v1/podcasts?limit=200', {
    key,
  });
  return answer.body.items;
}

async function episodes(key: string, podcastId: string): Promise<Episode[]> {
  const all: Episode[] = [];
  let cursor = '';
  do {
    const path = `/v1/podcasts/${podcastId}/episodes?limit=200${cursor}`;
    const { body } = await api.call<{ items: Episode[]; next: string | null }>('GET', path, { key });
    all.push(...body.items);
    cursor = body.next === null ? '' : `&cursor=${body.next}`;
  } while (cursor !== '');
  return all;
}

/** Everything that is stored of a tenant's catalog. */
async function snapshot(key: string): Promise<unknown> {
  const shows = await podcasts(key);
  return Promise.all(
    shows.map(async (show) => ({ show, episodes: await episodes(key, String(show['id'])) })),
  );
}

/** A small feed with a guid of its own. */
function feedOf(items: string, guid = '11111111-2222-5333-8444-555555555555'): string {
  return `<rss version="2.0" xmlns:podcast="https://podcastindex.org/namespace/1.0"><channel>
    <title>Small</title><link>https://small.example/</link><podcast:guid>${guid}</podcast:guid>${items}
  </channel></rss>`;
}

function itemOf(guid: string, file: string, length = 1000): string {
  return `<item><title>Item ${guid}</title><guid>${guid}</guid>
    <enclosure url="https://cdn.small.example/${file}" length="${length}" type="audio/mpeg"/></item>`;
}

describe('upload', () => {
  test.each([
    ['01-full-namespaces.xml', 5],
    ['02-chained-prefixes.xml', 12],
    ['03-messy-legacy.xml', 19],
    ['04-latin1.xml', 3],
    ['05-archive-300.xml', 300],
  ])('%s brings %i episodes, and nothing when it comes again', async (name, count) => {
    const key = await newKey();
    const first = await upload(key, fixture(name));
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({
      created: true,
      episodes: { created: count, updated: 0, unchanged: 0 },
      notInFeed: 0,
    });
    const before = await snapshot(key);
    expect(await episodes(key, first.body.podcastId)).toHaveLength(count);

    const second = await upload(key, fixture(name));
    expect(second.status).toBe(200);
    expect(second.body).toEqual({
      ...first.body,
      created: false,
      episodes: { created: 0, updated: 0, unchanged: count },
    });
    expect(await snapshot(key)).toEqual(before);
  });

  test('the podcast is described by its feed, its episodes are listed by publication', async () => {
    const key = await newKey();
    const { podcastId } = (await upload(key, fixture('05-archive-300.xml'))).body;
    const podcast = await api.call('GET', `/v1/podcasts/${podcastId}`, { key });
    expect(podcast.body).toMatchObject({
      title: 'The Morning Ledger',
      language: 'en-us',
      author: 'Daily Ledger',
      feedUrl: 'https://feeds.dailyledger.example/morning',
      podcastGuid: 'b7fe1d33-4750-5826-af01-ffc83645b6a8',
      feedCheckedAt: null,
      feedError: null,
    });
    const listed = await episodes(key, podcastId);
    const published = listed.flatMap(({ publishedAt }) => publishedAt ?? []);
    expect(published).toEqual([...published].sort().reverse());
    const read = await api.call('GET', `/v1/episodes/${listed[0]!.id}`, { key });
    expect(read.body).toMatchObject({
      title: 'Morning headlines',
      mediaKey: 'audio.dailyledger.example/2026/10/ml-0300.mp3',
      mediaBytes: 10_640_745,
      mediaBytesSource: 'feed',
      durationSeconds: 663,
      durationSource: 'feed',
      episodeNumber: 300,
      episodeType: 'bonus',
      headerBytes: null,
    });
  });

  test('what became no episode is reported with its reason', async () => {
    const { body } = await upload(await newKey(), fixture('03-messy-legacy.xml'));
    expect(body.skipped.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['no_audio', 'duplicate_item']),
    );
    expect(body.warnings.map(({ code }) => code)).toContain('guid_missing');
    const long = 'x'.repeat(900);
    const items = itemOf('ok', '1.mp3') + itemOf(long, `${'y'.repeat(1900)}.mp3`);
    const report = (await upload(await newKey(), feedOf(items))).body;
    expect(report.episodes.created).toBe(1);
    expect(report.skipped).toMatchObject([{ position: 1, code: 'identity_too_long' }]);
  });

  test('the XML itself may be the body, plain or compressed', async () => {
    const key = await newKey();
    const xml = fixture('01-full-namespaces.xml');
    const headers = { 'content-type': 'application/rss+xml; charset=utf-8' };
    const plain = await api.call<Report>('POST', UPLOAD, { key, body: xml, headers });
    expect([plain.status, plain.body.episodes.created]).toEqual([201, 5]);
    const gzip = { ...headers, 'content-encoding': 'gzip' };
    const packed = await api.call<Report>('POST', UPLOAD, { key, body: gzipSync(xml), headers: gzip });
    expect([packed.status, packed.body.episodes.unchanged]).toEqual([200, 5]);
  });

  test('a body that is no feed is refused by its kind', async () => {
    const key = await newKey();
    const json = await api.call('POST', UPLOAD, { key, body: { file: 'x' } });
    expect(json).toMatchObject({ status: 415, body: { code: 'unsupported_media_type' } });
    const elsewhere = { key, body: '<rss/>', headers: { 'content-type': 'text/xml' } };
    expect((await api.call('POST', '/v1/podcasts', elsewhere)).status).toBe(415);
    const boundary = { 'content-type': 'multipart/form-data; boundary=b' };
    const field = '--b\r\ncontent-disposition: form-data; name="x"\r\n\r\n1\r\n--b--\r\n';
    const empty = await api.call('POST', UPLOAD, { key, body: field, headers: boundary });
    expect(empty).toMatchObject({ status: 400, body: { code: 'file_missing', field: 'file' } });
    const cut = '--b\r\ncontent-disposition: form-data; name="file"; filename="f"\r\n\r\n<rss';
    const damaged = await api.call('POST', UPLOAD, { key, body: cut, headers: boundary });
    expect(damaged).toMatchObject({ status: 400, body: { code: 'malformed_request' } });
    expect(await upload(key, 'no xml')).toMatchObject({ status: 422, body: { code: expect.any(String) } });
    expect(await podcasts(key)).toEqual([]);
  });

  test('more than 32 MiB is refused, in a form and as a body', async () => {
    const key = await newKey();
    const large = Buffer.alloc(32 * 1024 * 1024 + 1, ' ');
    expect(await upload(key, large)).toMatchObject({ status: 413, body: { code: 'too_large' } });
    const headers = { 'content-type': 'text/xml' };
    const body = await api.call('POST', UPLOAD, { key, body: large, headers });
    expect(body).toMatchObject({ status: 413, body: { code: 'too_large' } });
  });

  test('a feed that cannot be read changes nothing', async () => {
    const key = await newKey();
    const { podcastId } = (await upload(key, fixture('01-full-namespaces.xml'))).body;
    const before = await snapshot(key);
    for (const query of ['', `?podcastId=${podcastId}`]) {
      const cut = await upload(key, fixture('broken-truncated.xml'), query);
      expect(cut).toMatchObject({ status: 422, body: { code: 'feed_malformed' } });
      const bomb = await upload(key, fixture('broken-entity-bomb.xml'), query);
      expect(bomb).toMatchObject({ status: 422, body: { code: 'feed_doctype' } });
    }
    expect(await snapshot(key)).toEqual(before);
  });
});

describe('an import into what is there', () => {
  test('a moved file stays the same episode, unless its guid is not unique', async () => {
    const key = await newKey();
    const first = feedOf(itemOf('a', 'old.mp3', 1) + itemOf('b', 'b1.mp3') + itemOf('b', 'b2.mp3'));
    const { podcastId } = (await upload(key, first)).body;
    const before = new Map((await episodes(key, podcastId)).map((episode) => [episode.guid, episode]));
    const moved = feedOf(itemOf('a', 'new.mp3', 2) + itemOf('b', 'b1.mp3') + itemOf('b', 'b3.mp3'));
    const { body } = await upload(key, moved);
    expect(body.episodes).toEqual({ created: 1, updated: 1, unchanged: 1 });
    expect(body.notInFeed).toBe(1);
    const after = await api.call<Episode>('GET', `/v1/episodes/${before.get('a')!.id}`, { key });
    expect(after.body).toMatchObject({ mediaKey: 'cdn.small.example/new.mp3', mediaBytes: 2 });
    expect((await episodes(key, podcastId)).filter(({ guid }) => guid === 'b')).toHaveLength(3);
  });

  test('what people have set stays until they give it back', async () => {
    const key = await newKey();
    const { podcastId } = (await upload(key, feedOf(itemOf('a', '1.mp3', 10)))).body;
    const { id } = (await episodes(key, podcastId))[0]!;
    const path = `/v1/episodes/${id}`;
    await api.call('PATCH', path, { key, body: { mediaBytes: 77, durationSeconds: 5, title: 'Mine' } });
    const again = await upload(key, feedOf(itemOf('a', '1.mp3', 20)));
    expect(again.body.episodes.updated).toBe(1);
    const kept = await api.call<Episode>('GET', path, { key });
    expect(kept.body).toMatchObject({
      mediaBytes: 77,
      mediaBytesSource: 'api',
      durationSeconds: 5,
      title: 'Item a',
    });

    await api.call('PATCH', path, { key, body: { mediaBytes: null } });
    await upload(key, feedOf(itemOf('a', '1.mp3', 30)));
    const given = await api.call<Episode>('GET', path, { key });
    expect(given.body).toMatchObject({ mediaBytes: 30, mediaBytesSource: 'feed', durationSource: 'api' });
  });

  test('a size read from the file holds for that file only', async () => {
    const key = await newKey();
    const { podcastId } = (await upload(key, feedOf(itemOf('a', '1.mp3', 10)))).body;
    await api.database.owner.query(
      `UPDATE episodes SET media_bytes = 11, media_bytes_source = 'file', header_bytes = 3, header_bytes_source = 'file'
       WHERE podcast_id = $1`,
      [podcastId],
    );
    expect((await upload(key, feedOf(itemOf('a', '1.mp3', 10)))).body.episodes.unchanged).toBe(1);
    await upload(key, feedOf(itemOf('a', '2.mp3', 12)));
    const { id } = (await episodes(key, podcastId))[0]!;
    const read = await api.call('GET', `/v1/episodes/${id}`, { key });
    expect(read.body).toMatchObject({ mediaBytes: 12, mediaBytesSource: 'feed', headerBytes: null });
  });

  test('episodes that left the feed stay, and archived ones stay archived', async () => {
    const key = await newKey();
    const { podcastId } = (await upload(key, feedOf(itemOf('a', '1.mp3') + itemOf('b', '2.mp3')))).body;
    const [one] = await episodes(key, podcastId);
    await api.call('DELETE', `/v1/episodes/${one!.id}`, { key });
    const { body } = await upload(key, feedOf(itemOf(one!.guid, one!.guid === 'a' ? '1.mp3' : '2.mp3')));
    expect(body).toMatchObject({ episodes: { created: 0, updated: 0, unchanged: 1 }, notInFeed: 1 });
    expect(await episodes(key, podcastId)).toHaveLength(1);
    const archived = await api.call('GET', `/v1/episodes/${one!.id}`, { key });
    expect(archived.body).toMatchObject({ archivedAt: expect.any(String) });
  });

  test('a feed finds its podcast by address, and goes where podcastId says', async () => {
    const key = await newKey();
    const feedUrl = 'https://feeds.harbourlight.example/signal-and-salt';
    const known = await api.call<{ id: string }>('POST', '/v1/podcasts', {
      key,
      body: { title: 'x', feedUrl },
    });
    const target = await api.call<{ id: string }>('POST', '/v1/podcasts', { key, body: { title: 'y' } });
    const feed = fixture('01-full-namespaces.xml');
    expect((await upload(key, feed)).body).toMatchObject({ podcastId: known.body.id, created: false });
    const aimed = await upload(key, feed, `?podcastId=${target.body.id}`);
    expect(aimed.body).toMatchObject({ podcastId: target.body.id, created: false, episodes: { created: 5 } });
  });

  test('an archived podcast is not brought back by the way', async () => {
    const key = await newKey();
    const feed = fixture('01-full-namespaces.xml');
    const { podcastId } = (await upload(key, feed)).body;
    await api.call('DELETE', `/v1/podcasts/${podcastId}`, { key });
    for (const query of ['', `?podcastId=${podcastId}`]) {
      expect(await upload(key, feed, query)).toMatchObject({
        status: 409,
        body: { code: 'podcast_archived' },
      });
    }
    await api.call('PATCH', `/v1/podcasts/${podcastId}`, { key, body: { archived: false } });
    expect((await upload(key, feed)).body).toMatchObject({ podcastId, created: false });
  });

  test('a tenant can neither aim at nor find another’s podcast', async () => {
    const a = await newKey();
    const b = await newKey();
    const feed = fixture('01-full-namespaces.xml');
    const { podcastId } = (await upload(a, feed)).body;
    const before = await snapshot(a);
    pages.set('/aim', (_request, response) => response.end(feed));
    const seen = hits;
    for (const send of [
      (id: string) => upload(b, feed, `?podcastId=${id}`),
      (id: string) => importUrl(b, '/aim', id),
    ]) {
      const foreign = await send(podcastId);
      const unknown = await send(randomUUID());
      expect(foreign.status).toBe(404);
      expect({ ...foreign.body, requestId: '' }).toEqual({ ...unknown.body, requestId: '' });
    }
    expect(hits).toBe(seen);
    const own = await upload(b, feed);
    expect(own.body).toMatchObject({ created: true, episodes: { created: 5 } });
    expect(own.body.podcastId).not.toBe(podcastId);
    expect(await snapshot(a)).toEqual(before);
  });

  test('imports at the same time leave one podcast and one set of episodes', async () => {
    const key = await newKey();
    const feed = fixture('05-archive-300.xml');
    const answers = await Promise.all([upload(key, feed), upload(key, feed), upload(key, feed)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 201]);
    expect(answers.map(({ body }) => body.episodes.created).sort()).toEqual([0, 0, 300]);
    const [only, ...others] = await podcasts(key);
    expect(others).toEqual([]);
    expect(await episodes(key, String(only!['id']))).toHaveLength(300);
  });
});

describe('from an address', () => {
  test('a feed is fetched, and its address, validators and time are kept', async () => {
    const key = await newKey();
    pages.set('/feed', (request, response) => {
      expect(request.headers['user-agent']).toMatch(/^podcast-measurement\//);
      response.setHeader('etag', '"v1"').setHeader('last-modified', 'Mon, 12 Oct 2026 05:30:00 GMT');
      response.end(fixture('05-archive-300.xml'));
    });
    const first = await importUrl(key, '/feed');
    expect(first).toMatchObject({ status: 201, body: { created: true, episodes: { created: 300 } } });
    const second = await importUrl(key, '/feed');
    expect(second).toMatchObject({
      status: 200,
      body: { episodes: { created: 0, updated: 0, unchanged: 300 } },
    });
    expect(second.body.podcastId).toBe(first.body.podcastId);
    const [podcast] = await podcasts(key);
    expect(podcast).toMatchObject({
      feedUrl: `${origin}/feed`,
      feedError: null,
      feedCheckedAt: expect.any(String),
    });
    const validators = 'SELECT feed_etag, feed_last_modified FROM podcasts WHERE id = $1';
    const stored = () => api.database.owner.query(validators, [first.body.podcastId]);
    expect((await stored()).rows).toEqual([
      { feed_etag: '"v1"', feed_last_modified: 'Mon, 12 Oct 2026 05:30:00 GMT' },
    ]);
    // A file may differ from what the address serves: the next fetch must not be answered "not modified".
    await upload(key, fixture('05-archive-300.xml'));
    expect((await stored()).rows).toEqual([{ feed_etag: null, feed_last_modified: null }]);
    expect((await podcasts(key))[0]).toEqual(podcast);
  });

  test('a failure is answered with its code and noted on the podcast, and changes nothing else', async () => {
    const key = await newKey();
    pages.set('/flaky', (_request, response) => response.end(fixture('01-full-namespaces.xml')));
    const { podcastId } = (await importUrl(key, '/flaky')).body;
    const before = await episodes(key, podcastId);
    const error = async () => (await podcasts(key))[0]?.['feedError'];

    pages.set('/flaky', (_request, response) => response.writeHead(503).end());
    expect(await importUrl(key, '/flaky')).toMatchObject({ status: 422, body: { code: 'feed_status' } });
    expect(await error()).toMatch(/^feed_status: .*503/);
    pages.set('/flaky', (_request, response) => response.end(fixture('broken-truncated.xml')));
    expect(await importUrl(key, '/flaky', podcastId)).toMatchObject({
      status: 422,
      body: { code: 'feed_malformed' },
    });
    expect(await error()).toMatch(/^feed_malformed: /);
    expect(await episodes(key, podcastId)).toEqual(before);

    pages.set('/flaky', (_request, response) => response.end(fixture('01-full-namespaces.xml')));
    expect((await importUrl(key, '/flaky')).body.episodes.unchanged).toBe(5);
    expect(await error()).toBeNull();
  });

  test('a feed that has moved for good is the same podcast at its new address', async () => {
    const key = await newKey();
    const bare = fixture('04-latin1.xml');
    pages.set('/old', (_request, response) => response.end(bare));
    const { podcastId } = (await importUrl(key, '/old')).body;
    pages.set('/old', (_request, response) => response.writeHead(301, { location: '/new' }).end());
    pages.set('/new', (_request, response) => response.end(bare));
    expect((await importUrl(key, '/old')).body).toMatchObject({ podcastId, created: false });
    expect(await podcasts(key)).toMatchObject([{ feedUrl: `${origin}/new` }]);
    expect((await importUrl(key, '/new')).body).toMatchObject({ podcastId, created: false });
  });

  test.each(['no address', 'file:///etc/passwd', 'https://user:secret@feeds.example/'])(
    'the address "%s" is refused',
    async (url) => {
      const answer = await api.call('POST', '/v1/podcasts/import-feed', {
        key: await newKey(),
        body: { url },
      });
      expect(answer).toMatchObject({ status: 422, body: { code: 'feed_url_invalid' } });
    },
  );
});

test('the documentation offers a file picker', async () => {
  const { body } = await api.call<{ paths: Record<string, { post: unknown }> }>(
    'GET',
    '/api/docs/openapi.json',
  );
  expect(body.paths[UPLOAD]?.post).toMatchObject({
    requestBody: {
      content: { 'multipart/form-data': { schema: { properties: { file: { format: 'binary' } } } } },
    },
  });
});
