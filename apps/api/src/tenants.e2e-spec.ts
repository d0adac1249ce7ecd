import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createRolePool } from '@lib/database';
import { createPlatformKey, revokePlatformKey } from '@lib/tenants';
import { startTestApi, type TestApi } from '@lib/testing';
import { pino } from 'pino';
import { createApi } from './create-api.js';

let api: TestApi;
const logged: string[] = [];
beforeAll(async () => {
  const logger = pino({ level: 'info' }, { write: (line: string) => void logged.push(line) });
  api = await startTestApi((settings) => createApi(settings, logger));
});
afterAll(() => api.close());

/** The public part of a credential. */
function idOf(credential = ''): string {
  return credential.split('_')[2] ?? '';
}

interface Key {
  keyId: string;
  credential: string;
  scopes: string[];
}

describe('tenants', () => {
  test('a platform key creates a tenant whose first key can read it', async () => {
    const { key, tenantId } = await api.createTenant('Harbour Light');
    const answer = await api.call('GET', '/v1/tenant', { key });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ tenantId, name: 'Harbour Light', status: 'active', timeZone: 'UTC' });
  });

  test('settings and free-form metadata are kept as they were sent', async () => {
    const { key } = await api.createTenant();
    const metadata = { region: 'EU', contract: { tier: 2, tags: ['a'] } };
    const body = { timeZone: 'Asia/Kolkata', rawRetentionDays: 400, metadata };
    const changed = await api.call('PATCH', '/v1/tenant', { key, body });
    expect(changed.body).toMatchObject(body);
    expect((await api.call('GET', '/v1/tenant', { key })).body).toMatchObject(body);
    const cleared = await api.call('PATCH', '/v1/tenant', { key, body: { rawRetentionDays: null } });
    expect(cleared.body).toMatchObject({ ...body, rawRetentionDays: null });
  });

  test('retention of each level is kept, and refused where a level would go before the one that it is made from', async () => {
    const { key } = await api.createTenant();
    const body = {
      rawRetentionDays: 30,
      downloadRetentionDays: 60,
      sliceRetentionDays: 90,
      hourRetentionDays: 400,
      dayRetentionDays: 4_000,
      monthRetentionDays: 5_000,
    };
    expect((await api.call('PATCH', '/v1/tenant', { key, body })).body).toMatchObject(body);
    const renamed = await api.call('PATCH', '/v1/tenant', { key, body: { name: 'Renamed' } });
    expect(renamed.body).toMatchObject({ ...body, name: 'Renamed' });
    const refused = await api.call('PATCH', '/v1/tenant', { key, body: { hourRetentionDays: 89 } });
    expect(refused.body).toMatchObject({
      status: 400,
      code: 'retention_order',
      field: 'hourRetentionDays',
    });
    expect((await api.call('GET', '/v1/tenant', { key })).body).toMatchObject(body);
    const shorter = { hourRetentionDays: 89, sliceRetentionDays: 89 };
    expect((await api.call('PATCH', '/v1/tenant', { key, body: shorter })).body).toMatchObject(shorter);
  });

  test('a body nested thousands of levels deep is refused', async () => {
    const { key } = await api.createTenant();
    const body = `{"metadata":${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}}`;
    expect((await api.call('PATCH', '/v1/tenant', { key, body })).body).toMatchObject({
      status: 400,
      code: 'malformed_request',
    });
  });

  test('a tenant key cannot reach the platform routes, nor a platform key a tenant', async () => {
    const { key } = await api.createTenant();
    expect((await api.call('GET', '/v1/admin/tenants', { key })).status).toBe(403);
    expect((await api.call('GET', '/v1/tenant', { key: api.platformKey })).status).toBe(403);
  });

  test('an unknown field and a bad time zone are named', async () => {
    const answer = await api.call('POST', '/v1/admin/tenants', {
      key: api.platformKey,
      body: { name: 'X', timeZone: 'Mars/Olympus', tenantId: '00000000-0000-0000-0000-000000000001' },
    });
    expect(answer.status).toBe(400);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(JSON.stringify(answer.body)).toMatch(/timeZone/);
    expect(JSON.stringify(answer.body)).toMatch(/tenantId/);
  });

  test('a page of tenants leads to the next', async () => {
    await api.createTenant('P1');
    await api.createTenant('P2');
    const first = await api.call<{ items: unknown[]; next: string }>('GET', '/v1/admin/tenants?limit=1', {
      key: api.platformKey,
    });
    const second = await api.call<{ items: unknown[] }>(
      'GET',
      `/v1/admin/tenants?limit=1&after=${first.body.next}`,
      { key: api.platformKey },
    );
    expect(first.body.items).toHaveLength(1);
    expect(second.body.items).toHaveLength(1);
    expect(second.body.items).not.toEqual(first.body.items);
  });

  test('the log says which key reached which tenant, and no secret', async () => {
    const { tenantId, key } = await api.createTenant();
    const calls = [
      { path: `/v1/admin/tenants/${tenantId}`, key: api.platformKey },
      { path: '/v1/admin/tenants/someone@example.com', key: api.platformKey },
      { path: '/v1/tenant', key },
    ];
    logged.length = 0;
    for (const { path, ...options } of calls) await api.call('GET', path, options);
    // A line is written once the answer has left.
    while (logged.length < calls.length) await new Promise(setImmediate);
    const [read, refused, own] = logged.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(read).toMatchObject({ keyId: idOf(api.platformKey), targetTenantId: tenantId, status: 200 });
    expect(read).not.toHaveProperty('tenantId');
    expect(refused).toMatchObject({ keyId: idOf(api.platformKey), status: 400 });
    expect(own).toMatchObject({ keyId: idOf(key), tenantId, status: 200 });
    expect(own).not.toHaveProperty('targetTenantId');
    for (const secret of [api.platformKey.split('_')[3], key.split('_')[3], 'someone'])
      expect(logged.join('')).not.toContain(secret);
  });

  test('the log names the key of a call that was refused, where the key was recognised', async () => {
    const { tenantId, key } = await api.createTenant();
    const suspended = await api.createTenant();
    await api.call('PATCH', `/v1/admin/tenants/${suspended.tenantId}`, {
      key: api.platformKey,
      body: { status: 'suspended' },
    });
    const [revoked, expired, reader, strange] = await Promise.all(
      ['revoked', 'expired', 'reader', 'strange'].map(async (name) => {
        const expiresAt = name === 'expired' ? { expiresAt: '2020-01-01T00:00:00Z' } : {};
        const body = { name, scopes: ['read'], ...expiresAt };
        return (await api.call<Key>('POST', '/v1/keys', { key, body })).body.credential;
      }),
    );
    await api.call('DELETE', `/v1/keys/${idOf(revoked)}`, { key });
    const wrong = "UPDATE api_keys SET secret_hash = '\\x00' WHERE key_id = $1";
    await api.database.owner.query(wrong, [idOf(strange)]);
    const calls = [
      { path: '/v1/keys', key: reader, status: 403, named: { keyId: idOf(reader), tenantId } },
      { path: '/v1/tenant', key: revoked, status: 401, named: { keyId: idOf(revoked), tenantId } },
      { path: '/v1/tenant', key: expired, status: 401, named: { keyId: idOf(expired), tenantId } },
      { path: '/v1/tenant', key: suspended.key, status: 401, named: { tenantId: suspended.tenantId } },
      { path: '/v1/tenant', key: api.platformKey, status: 403, named: { keyId: idOf(api.platformKey) } },
      { path: `/v1/tenant?token=${key}`, status: 401, named: { keyId: idOf(key), tenantId } },
      { path: '/v1/tenant', key: strange, status: 401, named: undefined },
    ];
    logged.length = 0;
    for (const { path, key: credential } of calls) await api.call('GET', path, { key: credential });
    while (logged.length < calls.length) await new Promise(setImmediate);
    for (const [index, { status, named }] of calls.entries()) {
      const line = JSON.parse(logged[index] ?? '') as Record<string, unknown>;
      expect(line).toMatchObject({ status, ...named });
      if (named === undefined) expect(line).not.toHaveProperty('keyId');
    }
    for (const credential of [reader, revoked, expired, key, strange, api.platformKey, suspended.key])
      expect(logged.join('')).not.toContain(credential?.split('_')[3]);
  });

  test('keys of a suspended tenant prove nothing', async () => {
    const { key, tenantId } = await api.createTenant();
    await api.call('PATCH', `/v1/admin/tenants/${tenantId}`, {
      key: api.platformKey,
      body: { status: 'suspended' },
    });
    expect((await api.call('GET', '/v1/tenant', { key })).status).toBe(401);
  });
});

describe('keys', () => {
  test('a key works until it is revoked, and its secret is never shown again', async () => {
    const { key } = await api.createTenant();
    const created = await api.call<Key>('POST', '/v1/keys', {
      key,
      body: { name: 'Reader', scopes: ['read'] },
    });
    expect(created.status).toBe(201);
    expect(created.body.credential).toMatch(/^pa_live_[0-9A-Za-z]{16}_[0-9A-Za-z]{49}$/);
    const listed = await api.call<Key[]>('GET', '/v1/keys', { key });
    expect(JSON.stringify(listed.body)).not.toContain(created.body.credential.slice(26));
    expect(JSON.stringify(listed.body)).not.toMatch(/secret_?hash/i);
    // The revoking instance and every other forget the key within the cache's 4 seconds; here it was never cached.
    await api.call('DELETE', `/v1/keys/${created.body.keyId}`, { key });
    expect((await api.call('GET', '/v1/tenant', { key: created.body.credential })).status).toBe(401);
  });

  test('a key that was just in use stops within 5 seconds of its end, a platform key as well', async () => {
    const { key } = await api.createTenant();
    const { body } = await api.call<Key>('POST', '/v1/keys', { key, body: { name: 'R', scopes: ['read'] } });
    const owner = createRolePool(api.settings, () => undefined, 'podcast_owner', api.database.urls.owner, 1);
    const platformKey = await createPlatformKey(owner, api.settings.apiKeyPepper, 'leaked');
    const uses = [
      { path: '/v1/tenant', key: body.credential },
      { path: '/v1/admin/tenants', key: platformKey },
    ];
    for (const { path, ...options } of uses) expect((await api.call('GET', path, options)).status).toBe(200);
    await api.call('DELETE', `/v1/keys/${body.keyId}`, { key });
    await revokePlatformKey(owner, idOf(platformKey));
    await owner.end();
    const revokedAt = performance.now();
    for (const { path, ...options } of uses) {
      // Measured where a request begins: how long a busy machine takes to answer says nothing.
      for (let begun = performance.now(); ; begun = performance.now()) {
        const { status } = await api.call('GET', path, options);
        if (status === 401) break;
        expect([status, begun - revokedAt < 5_000]).toEqual([200, true]);
      }
    }
  });

  test('a key does only what its scopes say', async () => {
    const { key } = await api.createTenant();
    const reader = await api.call<Key>('POST', '/v1/keys', {
      key,
      body: { name: 'Reader', scopes: ['read'] },
    });
    expect((await api.call('GET', '/v1/tenant', { key: reader.body.credential })).status).toBe(200);
    expect((await api.call('GET', '/v1/keys', { key: reader.body.credential })).status).toBe(403);
  });

  test('an ingest token asks for nothing but to write events', async () => {
    const { key } = await api.createTenant();
    const answer = await api.call('POST', '/v1/keys', {
      key,
      body: { name: 'Web', kind: 'ingest_token', scopes: ['read'] },
    });
    expect(answer.body).toMatchObject({ status: 400, code: 'invalid_scopes', field: 'scopes' });
  });

  test('a secret in the query string proves nothing', async () => {
    const { key } = await api.createTenant();
    expect((await api.call('GET', `/v1/tenant?token=${key}`)).status).toBe(401);
  });

  test('a tenant does not see the keys of another', async () => {
    const a = await api.createTenant('A');
    const b = await api.createTenant('B');
    const keys = await api.call<Key[]>('GET', '/v1/keys', { key: b.key });
    expect(keys.body).toHaveLength(1);
    const answer = await api.call('DELETE', `/v1/keys/${keys.body[0]?.keyId}`, { key: a.key });
    const unknown = await api.call('DELETE', '/v1/keys/0000000000000000', { key: a.key });
    expect(answer.status).toBe(404);
    expect({ ...answer.body, requestId: '' }).toEqual({ ...unknown.body, requestId: '' });
    expect((await api.call('GET', '/v1/keys', { key: b.key })).status).toBe(200);
  });

  test('when a key was last used is written down', async () => {
    const { key } = await api.createTenant();
    await api.call('GET', '/v1/tenant', { key });
    const { KeyUsage } = await import('@lib/tenants');
    await api.app.get(KeyUsage, { strict: false }).flush();
    const listed = await api.call<{ lastUsedAt: string | null }[]>('GET', '/v1/keys', { key });
    expect(listed.body[0]?.lastUsedAt).not.toBeNull();
  });
});
