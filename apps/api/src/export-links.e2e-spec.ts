import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { startTestApi, type TestApi } from '@lib/testing';
import { createApi } from './create-api.js';

const HOUR_MS = 3_600_000;
const UUID_BYTES = 16;

let api: TestApi;
let tenant: { tenantId: string; key: string };
let id: string;

beforeAll(async () => {
  api = await startTestApi(createApi);
});
afterAll(() => api.close());
beforeEach(async () => {
  tenant = await api.createTenant();
  id = await exportOf(tenant.tenantId);
});
afterEach(() => void jest.restoreAllMocks());

/** An export that a worker is done with. */
async function exportOf(tenantId: string, kind = 'export', doneAt: string | null = 'now'): Promise<string> {
  const report = { foundFrom: null, rows: {}, days: [], searchedBefore: null, searchedAt: null };
  const request = randomUUID();
  await api.database.owner.query(
    `INSERT INTO privacy_requests (tenant_id, id, kind, listener_ids, requested_by, state, done_at, report)
     VALUES ($1, $2, $3, '{1}', 'test', 'done', $4, $5)`,
    [tenantId, request, kind, doneAt, JSON.stringify(report)],
  );
  return request;
}

interface Linked {
  exportUrl: string | null;
  exportUrlExpiresAt: string | null;
}

async function linkTo(request: string): Promise<string> {
  const { body } = await api.call<Linked>('GET', `/v1/privacy-requests/${request}`, { key: tenant.key });
  expect(body.exportUrl).toMatch(/^\/v1\/listener-exports\/[\w-]{94}$/);
  return body.exportUrl ?? '';
}

/** The link with other bytes in it. */
function changed(link: string, change: (bytes: Buffer) => void): string {
  const at = link.lastIndexOf('/') + 1;
  const bytes = Buffer.from(link.slice(at), 'base64url');
  change(bytes);
  return link.slice(0, at) + bytes.toString('base64url');
}

/** All that a caller can tell one refusal from another by. */
async function refusal(link: string): Promise<object> {
  const { status, headers, body } = await api.call('GET', link);
  const { requestId: _, ...problem } = body;
  return { status, problem, cache: headers['cache-control'], type: headers['content-type'] };
}

const LEADS_NOWHERE = {
  status: 404,
  problem: {
    type: 'about:blank',
    title: 'Not Found',
    status: 404,
    code: 'export_link_invalid',
    detail: 'This link leads nowhere, or no longer.',
  },
  cache: 'no-store',
  type: expect.stringContaining('application/problem+json'),
};

test('opens the export without a key, and is kept by nobody on the way', async () => {
  const { status, headers, body } = await api.call('GET', await linkTo(id));
  expect([status, body]).toMatchObject([200, { requestId: id, days: [] }]);
  expect(headers).toMatchObject({
    'cache-control': 'private, no-store',
    'referrer-policy': 'no-referrer',
    'content-disposition': `attachment; filename="listener-${id}.json"`,
  });
  const byKey = await api.call('GET', `/v1/privacy-requests/${id}/export`, { key: tenant.key });
  expect(byKey.body).toEqual(body);
});

test('holds for a day', async () => {
  const link = await linkTo(id);
  const now = Date.now();
  const clock = jest.spyOn(Date, 'now');
  clock.mockReturnValue(now + 24 * HOUR_MS - 2_000);
  expect((await api.call('GET', link)).status).toBe(200);
  clock.mockReturnValue(now + 24 * HOUR_MS + 1);
  expect(await refusal(link)).toEqual(LEADS_NOWHERE);
});

test('holds no longer than the export', async () => {
  const doneAt = new Date(Date.now() - (30 * 24 - 3) * HOUR_MS);
  const late = await exportOf(tenant.tenantId, 'export', doneAt.toISOString());
  const { body } = await api.call<Linked>('GET', `/v1/privacy-requests/${late}`, { key: tenant.key });
  const left = Date.parse(body.exportUrlExpiresAt ?? '') - Date.now();
  expect(left).toBeGreaterThan(2.9 * HOUR_MS);
  expect(left).toBeLessThanOrEqual(3 * HOUR_MS);
  await api.database.owner.query(
    `UPDATE privacy_requests SET done_at = done_at - interval '4 hours' WHERE id = $1`,
    [late],
  );
  expect(await refusal(body.exportUrl ?? '')).toEqual(LEADS_NOWHERE);
});

test('is refused alike when it is changed, foreign or none', async () => {
  const link = await linkTo(id);
  const stranger = await api.createTenant('Stranger');
  const theirs = await exportOf(stranger.tenantId);
  const put = (uuid: string, at: number) =>
    changed(link, (bytes) => void bytes.write(uuid.replaceAll('-', ''), at, 'hex'));
  const wrong = [
    put(stranger.tenantId, 0),
    put(theirs, UUID_BYTES),
    changed(
      put(stranger.tenantId, 0),
      (bytes) => void bytes.write(theirs.replaceAll('-', ''), UUID_BYTES, 'hex'),
    ),
    changed(link, (bytes) => void bytes.writeUIntBE(0xff_ff_ff_ff, 2 * UUID_BYTES, 6)),
    changed(link, (bytes) => void bytes.writeUInt8(bytes.readUInt8(69) ^ 1, 69)),
    '/v1/listener-exports/none',
    `/v1/listener-exports/${id}`,
  ];
  for (const each of wrong) expect([each, await refusal(each)]).toEqual([each, LEADS_NOWHERE]);
  expect((await api.call('GET', link)).status).toBe(200);
});

test('works for nobody while the tenant is suspended, or after the request is gone', async () => {
  const link = await linkTo(id);
  const set = (status: string) =>
    api.call('PATCH', `/v1/admin/tenants/${tenant.tenantId}`, { key: api.platformKey, body: { status } });
  await set('suspended');
  expect(await refusal(link)).toEqual(LEADS_NOWHERE);
  await set('active');
  expect((await api.call('GET', link)).status).toBe(200);
  await api.database.owner.query('DELETE FROM privacy_requests WHERE id = $1', [id]);
  expect(await refusal(link)).toEqual(LEADS_NOWHERE);
});

test('stands only where there is an export to fetch', async () => {
  const over = new Date(Date.now() - 31 * 24 * HOUR_MS).toISOString();
  for (const request of [
    await exportOf(tenant.tenantId, 'erasure'),
    await exportOf(tenant.tenantId, 'export', null),
    await exportOf(tenant.tenantId, 'export', over),
  ]) {
    const { body } = await api.call('GET', `/v1/privacy-requests/${request}`, { key: tenant.key });
    expect(body).toMatchObject({ exportUrl: null, exportUrlExpiresAt: null });
  }
  const { body } = await api.call('GET', '/v1/privacy-requests', { key: tenant.key });
  expect(JSON.stringify(body)).not.toContain('listener-exports');
});

test('can be fetched so often in a minute, by link and by key together', async () => {
  const link = await linkTo(id);
  const byKey = `/v1/privacy-requests/${id}/export`;
  for (let fetches = 0; fetches < 10; fetches += 2) {
    expect((await api.call('GET', link)).status).toBe(200);
    expect((await api.call('GET', byKey, { key: tenant.key })).status).toBe(200);
  }
  for (const refused of [await api.call('GET', link), await api.call('GET', byKey, { key: tenant.key })]) {
    expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1);
  }
});
