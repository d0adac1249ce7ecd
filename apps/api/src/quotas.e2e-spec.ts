import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startTestApi, type TestApi } from '@lib/testing';
import { createApi } from './create-api.js';

let api: TestApi;
let tenantId: string;
let key: string;
beforeAll(async () => {
  api = await startTestApi(createApi);
});
beforeEach(async () => {
  ({ tenantId, key } = await api.createTenant());
});
afterAll(() => api.close());

const REACHED = { status: 409, body: { code: 'podcast_quota_reached' } };

async function allow(maxPodcasts: number | null): Promise<void> {
  const options = { key: api.platformKey, body: { maxPodcasts } };
  const answer = await api.call('PATCH', `/v1/admin/tenants/${tenantId}`, options);
  expect(answer).toMatchObject({ status: 200, body: { maxPodcasts } });
}

function create(title: string) {
  return api.call<{ id: string }>('POST', '/v1/podcasts', { key, body: { title } });
}

function importFeed(title: string) {
  const feed = `<rss version="2.0"><channel><title>${title}</title><item><title>1</title>
    <enclosure url="https://cdn.example/${title}.mp3" type="audio/mpeg"/></item></channel></rss>`;
  const headers = { 'content-type': 'application/rss+xml' };
  return api.call('POST', '/v1/podcasts/import-feed/upload', { key, body: Buffer.from(feed), headers });
}

async function podcasts(): Promise<string[]> {
  const { rows } = await api.database.owner.query<{ title: string }>(
    'SELECT title FROM podcasts WHERE tenant_id = $1 AND archived_at IS NULL ORDER BY title',
    [tenantId],
  );
  return rows.map(({ title }) => title);
}

describe('the quota of podcasts', () => {
  test('is set by the platform, and seen but not changed by the tenant', async () => {
    expect((await api.call('GET', '/v1/tenant', { key })).body).toMatchObject({ maxPodcasts: null });
    await allow(7);
    expect((await api.call('GET', '/v1/tenant', { key })).body).toMatchObject({ maxPodcasts: 7 });
    const own = await api.call('PATCH', '/v1/tenant', { key, body: { maxPodcasts: 8 } });
    expect(own).toMatchObject({ status: 400, body: { field: 'maxPodcasts' } });
    const negative = { key: api.platformKey, body: { maxPodcasts: -1 } };
    expect(await api.call('PATCH', `/v1/admin/tenants/${tenantId}`, negative)).toMatchObject({
      status: 400,
      body: { field: 'maxPodcasts' },
    });
    expect((await api.call('GET', '/v1/tenant', { key })).body).toMatchObject({ maxPodcasts: 7 });
    await allow(null);
  });

  test('ends creation and import of new podcasts, and leaves the others as they are', async () => {
    await allow(2);
    expect((await create('a')).status).toBe(201);
    expect((await importFeed('b')).status).toBe(201);
    const refused = await create('c');
    expect(refused).toMatchObject(REACHED);
    expect(refused.body).toMatchObject({
      detail: expect.stringContaining('maxPodcasts of this tenant is 2'),
    });
    expect(await importFeed('d')).toMatchObject(REACHED);
    expect(await podcasts()).toEqual(['a', 'b']);
    expect((await importFeed('b')).status).toBe(200);

    const other = await api.createTenant();
    const elsewhere = await api.call('POST', '/v1/podcasts', { key: other.key, body: { title: 'x' } });
    expect(elsewhere.status).toBe(201);
  });

  test('does not count archived podcasts, and is asked when one comes back', async () => {
    await allow(1);
    const { id } = (await create('a')).body;
    await api.call('DELETE', `/v1/podcasts/${id}`, { key });
    expect((await create('b')).status).toBe(201);
    const back = { key, body: { archived: false } };
    expect(await api.call('PATCH', `/v1/podcasts/${id}`, back)).toMatchObject(REACHED);
    await allow(2);
    expect((await api.call('PATCH', `/v1/podcasts/${id}`, back)).status).toBe(200);
    expect((await api.call('PATCH', `/v1/podcasts/${id}`, back)).status).toBe(200);
    expect(await podcasts()).toEqual(['a', 'b']);
  });

  test('below what is there adds nothing and takes nothing away', async () => {
    await create('a');
    await create('b');
    await allow(1);
    expect(await create('c')).toMatchObject(REACHED);
    expect(await podcasts()).toEqual(['a', 'b']);
  });

  test('is not overrun by many at once', async () => {
    await allow(3);
    const answers = await Promise.all(
      Array.from({ length: 16 }, (_, n) => (n % 2 === 0 ? create(`p${n}`) : importFeed(`p${n}`))),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([
      ...Array.from({ length: 3 }, () => 201),
      ...Array.from({ length: 13 }, () => 409),
    ]);
    expect(await podcasts()).toHaveLength(3);
  });
});
