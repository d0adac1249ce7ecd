import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestApi, type TestApi } from '@lib/testing';
import { createApi } from './create-api.js';

let api: TestApi;
let a: { tenantId: string; key: string };
let b: { tenantId: string; key: string };
beforeAll(async () => {
  api = await startTestApi(createApi, { TRACKING_HOSTS: 'track.example,t2.example' });
  a = await api.createTenant('A');
  b = await api.createTenant('B');
});
afterAll(() => api.close());

interface Prefix {
  prefix: string;
  handle: string;
  formerHandles: string[];
}
interface Hosts {
  items: { host: string; source: string; verifiedAt: string }[];
}

async function createPodcast(key: string): Promise<string> {
  const answer = await api.call<{ id: string }>('POST', '/v1/podcasts', {
    key,
    body: { title: 'Signal & Salt' },
  });
  expect(answer.status).toBe(201);
  return answer.body.id;
}
const getPrefix = (key: string, id: string) => api.call<Prefix>('GET', `/v1/podcasts/${id}/prefix`, { key });
const putPrefix = (key: string, id: string, body: object) =>
  api.call<Prefix & { code: string }>('PUT', `/v1/podcasts/${id}/prefix`, { key, body });
const getHosts = (key: string, id: string) => api.call<Hosts>('GET', `/v1/podcasts/${id}/hosts`, { key });
const addHost = (key: string, id: string, host: unknown) =>
  api.call('POST', `/v1/podcasts/${id}/hosts`, { key, body: { host } });
const removeHost = (key: string, id: string, host: string) =>
  api.call('DELETE', `/v1/podcasts/${id}/hosts/${host}`, { key });
const hostNames = async (key: string, id: string) =>
  (await getHosts(key, id)).body.items.map(({ host }) => host);
const slug = () => `show-${randomUUID().slice(0, 8)}`;

const feed = (enclosures: readonly string[]) => `<?xml version="1.0"?>
<rss version="2.0"><channel><title>Tidewater</title><link>https://tidewater.example</link>
${enclosures
  .map(
    (url, n) =>
      `<item><title>${n}</title><guid>tw-${n}</guid><enclosure url="${url}" type="audio/mpeg"/></item>`,
  )
  .join('\n')}
</channel></rss>`;

async function importFeed(key: string, enclosures: readonly string[]): Promise<string> {
  const answer = await api.call<{ podcastId: string }>('POST', '/v1/podcasts/import-feed/upload', {
    key,
    body: feed(enclosures),
    headers: { 'content-type': 'application/rss+xml' },
  });
  expect([200, 201]).toContain(answer.status);
  return answer.body.podcastId;
}

describe('a podcast’s prefix', () => {
  test('is random at first', async () => {
    const [one, two] = [await createPodcast(a.key), await createPodcast(a.key)];
    const { status, body } = await getPrefix(a.key, one);
    expect(status).toBe(200);
    expect(body).toEqual({
      prefix: `https://track.example/r/${body.handle}/`,
      handle: expect.stringMatching(/^[0-9a-f]{16}$/),
      formerHandles: [],
    });
    expect((await getPrefix(a.key, two)).body.handle).not.toBe(body.handle);
  });

  test('can be a word of one’s own, and the former ones stay', async () => {
    const id = await createPodcast(a.key);
    const first = (await getPrefix(a.key, id)).body.handle;
    const [one, two] = [slug(), slug()];
    expect((await putPrefix(a.key, id, { handle: one })).body).toMatchObject({
      handle: one,
      formerHandles: [first],
    });
    expect((await putPrefix(a.key, id, { handle: two })).body).toMatchObject({ handle: two });
    // The same again, and one from before, change no more than which is in use.
    expect((await putPrefix(a.key, id, { handle: two })).body).toMatchObject({ handle: two });
    expect((await putPrefix(a.key, id, { handle: one })).body).toMatchObject({ handle: one });
    const random = await putPrefix(a.key, id, {});
    expect(random.body.handle).toMatch(/^[0-9a-f]{16}$/);
    expect(random.body.formerHandles).toEqual([one, two, first]);
    expect((await getPrefix(a.key, id)).body).toEqual(random.body);
  });

  test('that is taken is refused in the same words, whoever has it', async () => {
    const taken = slug();
    const [mine, other, foreign] = [
      await createPodcast(a.key),
      await createPodcast(a.key),
      await createPodcast(b.key),
    ];
    expect((await putPrefix(a.key, mine, { handle: taken })).status).toBe(200);
    const own = await putPrefix(a.key, other, { handle: taken });
    const theirs = await putPrefix(b.key, foreign, { handle: taken });
    expect(own).toMatchObject({ status: 409, body: { code: 'handle_taken', field: 'handle' } });
    expect({ ...theirs.body, requestId: '' }).toEqual({ ...own.body, requestId: '' });
    expect((await getPrefix(a.key, mine)).body.handle).toBe(taken);
  });

  test.each(['ab', 'Show', '-show', 'sh ow', 'shöw', 'a/b', 'x'.repeat(65), 7])(
    'cannot be %p',
    async (handle) => {
      const answer = await putPrefix(a.key, await createPodcast(a.key), { handle });
      expect(answer).toMatchObject({ status: 400, body: { field: 'handle' } });
    },
  );

  test('of another tenant is that of no podcast', async () => {
    const id = await createPodcast(a.key);
    const before = (await getPrefix(a.key, id)).body;
    const ask = [
      (podcast: string) => getPrefix(b.key, podcast),
      (podcast: string) => putPrefix(b.key, podcast, { handle: slug() }),
    ];
    for (const call of ask) {
      const [foreign, unknown] = [await call(id), await call(randomUUID())];
      expect(foreign.status).toBe(404);
      expect({ ...foreign.body, requestId: '' }).toEqual({ ...unknown.body, requestId: '' });
    }
    expect((await getPrefix(a.key, id)).body).toEqual(before);
  });

  test('is asked for with read and changed with write', async () => {
    const id = await createPodcast(a.key);
    const reader = await api.call<{ credential: string }>('POST', '/v1/keys', {
      key: a.key,
      body: { name: 'Reader', scopes: ['read'] },
    });
    expect((await getPrefix(reader.body.credential, id)).status).toBe(200);
    expect((await putPrefix(reader.body.credential, id, {})).status).toBe(403);
    expect((await addHost(reader.body.credential, id, 'cdn.example')).status).toBe(403);
  });
});

describe('the hosts that a redirect may lead to', () => {
  test('are those of the feed’s enclosures, behind all prefixes and our own', async () => {
    const id = await importFeed(a.key, [
      'https://cdn.tidewater.example/0.mp3',
      'https://op3.dev/e/Media.Tidewater.example/1.mp3?x=1',
      'https://track.example/r/tidewater/cdn.tidewater.example/2.mp3',
      'https://t2.example/r/tidewater/https://old.tidewater.example:8443/3.mp3',
    ]);
    expect((await getHosts(a.key, id)).body.items).toEqual(
      ['cdn.tidewater.example', 'media.tidewater.example', 'old.tidewater.example:8443'].map((host) => ({
        host,
        source: 'feed',
        verifiedAt: expect.any(String),
      })),
    );
    // The prefix in front changes neither what an episode is known by nor its identity.
    await importFeed(a.key, ['https://track.example/r/tidewater/cdn.tidewater.example/0.mp3']);
    const { rows } = await api.database.owner.query<{ media_key: string }>(
      'SELECT media_key FROM episodes WHERE podcast_id = $1 AND guid = $2',
      [id, 'tw-0'],
    );
    expect(rows).toEqual([{ media_key: 'cdn.tidewater.example/0.mp3' }]);
  });

  test('are also those of episodes that were written by hand', async () => {
    const id = await createPodcast(a.key);
    const created = await api.call<{ id: string }>('POST', `/v1/podcasts/${id}/episodes`, {
      key: a.key,
      body: { title: 'One', enclosureUrl: 'https://track.example/r/x/one.example/1.mp3' },
    });
    expect(await hostNames(a.key, id)).toEqual(['one.example']);
    const change = { key: a.key, body: { enclosureUrl: 'https://two.example/1.mp3' } };
    await api.call('PATCH', `/v1/episodes/${created.body.id}`, change);
    expect(await hostNames(a.key, id)).toEqual(['one.example', 'two.example']);
  });

  test('can be added and removed by hand', async () => {
    const id = await createPodcast(a.key);
    const added = await addHost(a.key, id, 'CDN.example:8443');
    expect(added).toMatchObject({ status: 201, body: { host: 'cdn.example:8443', source: 'manual' } });
    expect((await addHost(a.key, id, 'cdn.example:8443')).status).toBe(201);
    expect(await hostNames(a.key, id)).toEqual(['cdn.example:8443']);
    expect((await removeHost(a.key, id, 'cdn.example:8443')).status).toBe(204);
    expect(await removeHost(a.key, id, 'cdn.example:8443')).toMatchObject({
      status: 404,
      body: { code: 'host_not_found' },
    });
    expect(await hostNames(a.key, id)).toEqual([]);
  });

  test.each([
    'op3.dev',
    'track.example',
    't2.example:8000',
    'cdn',
    'https://cdn.example',
    'cdn.example/',
    'user@cdn.example',
    'café.example',
    '[::1]',
    'cdn..example',
    `${'x'.repeat(250)}.example`,
    7,
  ])('are never %p', async (host) => {
    const answer = await addHost(a.key, await createPodcast(a.key), host);
    expect(answer).toMatchObject({ status: 400, body: { field: 'host' } });
  });

  test('of another tenant’s podcast are those of no podcast', async () => {
    const id = await createPodcast(a.key);
    await addHost(a.key, id, 'cdn.example');
    const ask = [
      (podcast: string) => getHosts(b.key, podcast),
      (podcast: string) => addHost(b.key, podcast, 'evil.example'),
      (podcast: string) => removeHost(b.key, podcast, 'cdn.example'),
    ];
    for (const call of ask) {
      const [foreign, unknown] = [await call(id), await call(randomUUID())];
      expect(foreign.status).toBe(404);
      expect({ ...foreign.body, requestId: '' }).toEqual({ ...unknown.body, requestId: '' });
    }
    expect(await hostNames(a.key, id)).toEqual(['cdn.example']);
  });
});
