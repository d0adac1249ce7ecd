import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { DAY_MS } from '@lib/primitives';
import { startTestApi, type TestApi } from '@lib/testing';
import { createApi } from './create-api.js';

interface Entry extends Record<string, unknown> {
  id: string;
  state: string;
  network: string;
  validatedAt: string;
  lapsesAt: string | null;
}

const PATH = '/v1/address-lists';
const OFFICE = { kind: 'included', network: '203.0.113.0/24', reason: 'An office', author: 'R. Keller' };

let api: TestApi;
let tenantId: string;
let key: string;
beforeAll(async () => {
  api = await startTestApi(createApi);
});
afterAll(() => api.close());
beforeEach(async () => {
  ({ tenantId, key } = await api.createTenant());
});

const post = (body: object, path = PATH) => api.call<Entry>('POST', path, { key, body });
async function add(body: object = {}): Promise<Entry> {
  const answer = await post({ ...OFFICE, ...body });
  expect(answer.status).toBe(201);
  return answer.body;
}
async function list(query = ''): Promise<Entry[]> {
  return (await api.call<{ items: Entry[] }>('GET', `${PATH}${query}`, { key })).body.items;
}
const age = (id: string, interval: string) =>
  api.database.owner.query(
    `UPDATE address_lists SET validated_at = now() - $2::interval WHERE tenant_id = $3 AND id = $1`,
    [id, interval, tenantId],
  );
const remove = (id: string) => api.call('DELETE', `${PATH}/${id}`, { key });

describe('an entry', () => {
  test('is added in its one notation, listed, and read with its record', async () => {
    const entry = await add({ network: '::ffff:203.0.113.0/120' });
    expect(entry).toEqual({
      id: expect.any(String),
      kind: 'included',
      network: '203.0.113.0/24',
      reason: 'An office',
      createdBy: 'R. Keller',
      createdAt: expect.any(String),
      validatedAt: entry['createdAt'],
      lapsesAt: new Date(Date.parse(entry.validatedAt) + 90 * DAY_MS).toISOString(),
      removedAt: null,
      state: 'active',
    });
    expect(await list()).toEqual([entry]);
    const detail = await api.call('GET', `${PATH}/${entry.id}`, { key });
    const by = expect.stringMatching(/^R. Keller, key \w+$/);
    expect(detail.body).toEqual({ ...entry, record: [{ at: expect.any(String), action: 'added', by }] });
  });

  test('that excludes never lapses', async () => {
    const { id, lapsesAt } = await add({ kind: 'excluded', network: '2001:db8:12::/48' });
    expect(lapsesAt).toBeNull();
    await age(id, '400 days');
    expect(await list()).toMatchObject([{ state: 'active' }]);
  });

  // PTMG v2.3 §5.5.2, note: inclusions are validated again at least every 90 days, and a record is kept.
  test('that includes lapses after 90 days, and lasts again once somebody looked at it', async () => {
    const { id } = await add();
    await age(id, '89 days 23 hours');
    expect(await list()).toMatchObject([{ state: 'active' }]);
    await age(id, '91 days');
    expect(await list()).toMatchObject([{ state: 'lapsed' }]);
    const validated = await post({ author: 'M. Ito' }, `${PATH}/${id}/revalidate`);
    expect(validated).toMatchObject({ status: 200, body: { state: 'active', createdBy: 'R. Keller' } });
    expect(Date.parse(validated.body.lapsesAt ?? '')).toBeGreaterThan(Date.now() + 89 * DAY_MS);
    const { body } = await api.call<{ record: { action: string; by: string }[] }>('GET', `${PATH}/${id}`, {
      key,
    });
    expect(body.record.map(({ action, by }) => [action, by.split(',')[0]])).toEqual([
      ['added', 'R. Keller'],
      ['validated', 'M. Ito'],
    ]);
  });

  test('is removed without being forgotten, and only once', async () => {
    const { id } = await add();
    expect([(await remove(id)).status, (await remove(id)).status]).toEqual([204, 204]);
    expect(await list()).toEqual([]);
    expect(await list('?removed=true')).toMatchObject([{ id, state: 'removed', lapsesAt: null }]);
    const { body } = await api.call<{ record: { action: string }[] }>('GET', `${PATH}/${id}`, { key });
    expect(body.record.map(({ action }) => action)).toEqual(['added', 'removed']);
    const late = await post({ author: 'M. Ito' }, `${PATH}/${id}/revalidate`);
    expect(late).toMatchObject({ status: 409, body: { code: 'address_entry_removed' } });
    expect((await add()).id).not.toBe(id);
  });

  test('for a block that stands on either list is refused', async () => {
    await add();
    for (const kind of ['included', 'excluded'])
      expect(await post({ ...OFFICE, kind })).toMatchObject({
        status: 409,
        body: { code: 'network_listed', field: 'network' },
      });
    await add({ kind: 'excluded', network: '203.0.113.0/25' });
    expect(await list()).toHaveLength(2);
  });

  test('is listed in pages, the youngest first', async () => {
    const ids: string[] = [];
    for (const n of [1, 2, 3]) ids.unshift((await add({ network: `203.0.${n}.0/24` })).id);
    await remove(ids[1] ?? '');
    const page = async (query: string) =>
      (await api.call<{ items: Entry[]; next: string | null }>('GET', `${PATH}?limit=1${query}`, { key }))
        .body;
    const first = await page('');
    const second = await page(`&cursor=${first.next}`);
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual([ids[0], ids[2]]);
    expect(second.next).toBeNull();
    const other = await api.call('GET', `${PATH}?removed=true&cursor=${first.next}`, { key });
    expect(other).toMatchObject({ status: 400, body: { code: 'invalid_cursor', field: 'cursor' } });
  });

  test.each([
    ['network_host_bits', '203.0.113.7/24'],
    ['network_too_broad', '10.0.0.0/7'],
    ['network_too_broad', '::/0'],
    ['network_invalid', 'example.com'],
    ['invalid_input', '203.0.113.0/24\n'],
    ['invalid_input', 'x'.repeat(61)],
  ])('%s: %p', async (code, network) => {
    expect(await post({ ...OFFICE, network })).toMatchObject({
      status: 400,
      body: { code, field: 'network' },
    });
    expect(await list()).toEqual([]);
  });

  test.each([
    ['reason', { reason: '  ' }],
    ['reason', { reason: undefined }],
    ['author', { author: '' }],
    ['author', { author: undefined }],
    ['author', { author: 'a\0' }],
    ['kind', { kind: 'maybe' }],
    ['createdBy', { createdBy: 'me' }],
  ])('with an unusable %s is refused', async (field, body) => {
    expect(await post({ ...OFFICE, ...body })).toMatchObject({ status: 400, body: { field } });
  });

  test('changes for no one what the record shows to readers: it names no address', async () => {
    await add();
    const { rows } = await api.database.owner.query<{ detail: object }>(
      `SELECT detail FROM annotations WHERE tenant_id = $1`,
      [tenantId],
    );
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain('203.0.113');
  });
});

describe('address lists are closed', () => {
  test('to every scope but admin', async () => {
    const { id } = await add();
    const scopes = ['read', 'write', 'ingest'];
    const created = await api.call<{ credential: string }>('POST', '/v1/keys', {
      key,
      body: { name: 'x', scopes },
    });
    const other = created.body.credential;
    const calls = [
      api.call('GET', PATH, { key: other }),
      api.call('GET', `${PATH}/${id}`, { key: other }),
      api.call('POST', PATH, { key: other, body: OFFICE }),
      api.call('DELETE', `${PATH}/${id}`, { key: other }),
    ];
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([403, 403, 403, 403]);
  });

  test('to tenant B, which may list the same block itself', async () => {
    const { id } = await add();
    const b = await api.createTenant();
    const unknown = randomUUID();
    for (const [method, path, body] of [
      ['GET', '', undefined],
      ['DELETE', '', undefined],
      ['POST', '/revalidate', { author: 'B' }],
    ] as const) {
      const foreign = await api.call(method, `${PATH}/${id}${path}`, { key: b.key, body });
      const none = await api.call(method, `${PATH}/${unknown}${path}`, { key: b.key, body });
      expect(foreign).toMatchObject({ status: 404, body: { code: 'address_entry_not_found' } });
      expect({ ...foreign.body, requestId: '' }).toEqual({ ...none.body, requestId: '' });
    }
    expect((await api.call<{ items: Entry[] }>('GET', PATH, { key: b.key })).body.items).toEqual([]);
    expect((await api.call('POST', PATH, { key: b.key, body: OFFICE })).status).toBe(201);
    expect(await list()).toMatchObject([{ id, state: 'active' }]);
  });
});
