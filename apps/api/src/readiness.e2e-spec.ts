import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createLogger, Readiness } from '@lib/observability';
import { createRolePool } from '@lib/database';
import { createPlatformKey } from '@lib/tenants';
import { createTestDatabase, DatabaseProxy, testSettings, type TestDatabase } from '@lib/testing';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { register } from 'prom-client';
import { createApi } from './create-api.js';

let database: TestDatabase;
let app: NestFastifyApplication | undefined;

beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  await app?.close();
  app = undefined;
  // A process registers these once.
  for (const { name } of register.getMetricsAsArray())
    if (/^(process|nodejs)_/.test(name)) register.removeSingleMetric(name);
  await database.drop();
});

async function start(overrides: Record<string, string> = {}): Promise<void> {
  app = await createApi(testSettings(database, overrides), createLogger('silent'));
  await app.init();
}

async function get(path: string, headers: Record<string, string> = {}) {
  const { statusCode, headers: answered } = await app!.inject({ method: 'GET', url: path, headers });
  return { status: statusCode, retryAfter: answered['retry-after'] };
}
const status = async (path: string) => (await get(path)).status;

/** Waits until a route answers with a status. */
async function becomes(path: string, wanted: number): Promise<void> {
  for (const deadline = Date.now() + 25_000; Date.now() < deadline;) {
    if ((await status(path)) === wanted) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${path} never answered ${wanted}`);
}

async function expectNotStarted(): Promise<void> {
  expect(await status('/health/startup')).toBe(503);
  expect(await status('/health/ready')).toBe(503);
  expect(await status('/health/live')).toBe(200);
}

describe('a process does not start to serve', () => {
  test('where a commit could be lost', async () => {
    await database.owner.query(
      `ALTER ROLE podcast_app IN DATABASE ${database.name} SET synchronous_commit = off`,
    );
    await start();
    await expectNotStarted();
    await app?.get(Readiness).probe();
    const { body } = await app!.inject({ method: 'GET', url: '/metrics' });
    expect(body).toMatch(/^durability_settings_ok 0$/m);
  });

  test('without a schema', async () => {
    await database.owner.query('DROP TABLE schema_info');
    await start();
    await expectNotStarted();
  });

  test('without the handles of redirects and the keys of their listeners', async () => {
    const rights = 'EXECUTE ON FUNCTION list_public_handles(text, text, integer)';
    await database.owner.query(`REVOKE ${rights} FROM podcast_app`);
    await start();
    await expectNotStarted();
    await database.owner.query(`GRANT ${rights} TO podcast_app`);
    await becomes('/health/startup', 200);
  });

  test('on a schema of another engine than the environment asks for', async () => {
    await start({ TIME_SERIES_ENGINE: 'citus' });
    await expectNotStarted();
  });
});

test('a process that is told to stop is not ready, and serves on', async () => {
  await start();
  await becomes('/health/ready', 200);
  app?.get(Readiness).drain();
  expect(await status('/health/ready')).toBe(503);
  expect(await status('/health/startup')).toBe(200);
  expect(await status('/v1/tenant')).toBe(401);
});

describe('while the database hangs', () => {
  let proxy: DatabaseProxy;

  test('a request is answered in time, and the process turns unready', async () => {
    const settings = testSettings(database, {});
    const owner = createRolePool(settings, () => undefined, 'podcast_owner', database.urls.owner, 1);
    const key = await createPlatformKey(owner, settings.apiKeyPepper, 'test');
    await owner.end();
    proxy = await DatabaseProxy.start(database);
    await start({ DATABASE_URL: proxy.url, CONNECTION_TIMEOUT_MS: '500', STATEMENT_TIMEOUT_MS: '1000' });
    await becomes('/health/ready', 200);
    proxy.hang();
    const answer = await get('/v1/admin/tenants', { authorization: `Bearer ${key}` });
    expect(answer.status).toBe(503);
    expect(Number(answer.retryAfter)).toBeGreaterThan(0);
    await becomes('/health/ready', 503);
    expect(await status('/health/live')).toBe(200);
  });

  afterEach(() => proxy.close());
});
