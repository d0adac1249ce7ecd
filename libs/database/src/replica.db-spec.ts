import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createTestDatabase, createTestTenant, type TestDatabase, type TestTenant } from '@lib/testing';
import { AppDataSource } from './app-data-source.js';
import { TenantDb } from './tenant-db.js';

let database: TestDatabase;
let source: AppDataSource;
let tenant: TestTenant;
const READ = { readOnly: true, replica: true };

beforeEach(async () => {
  database = await createTestDatabase();
  tenant = await createTestTenant(database);
  await createTestTenant(database);
});
afterEach(async () => {
  await source.close();
  await database.drop();
});

function open(...replicaUrls: string[]): TenantDb {
  source = new AppDataSource({
    url: database.urls.app,
    replicaUrls,
    poolSize: 2,
    connectionTimeoutMs: 2_000,
    statementTimeoutMs: 5_000,
    lockTimeoutMs: 1_000,
    entities: [],
    onError: () => undefined,
    onGuardDestroyed: () => undefined,
  });
  return new TenantDb(source);
}

const visibleTenants = async (db: TenantDb) =>
  (await db.current.sql<{ tenant_id: string }>('SELECT tenant_id FROM podcasts')).map((row) => row.tenant_id);

test('a replica whose login is past every wall shows a tenant no more than the primary does', async () => {
  const db = open(database.urls.owner);
  const seen = await db.run(tenant.tenantId, () => visibleTenants(db), READ);
  expect(new Set(seen)).toEqual(new Set([tenant.tenantId]));
});

test('a replica says up to when it had replayed; the primary has nothing to say', async () => {
  const db = open(database.urls.app);
  const replayedAt = () => Promise.resolve(db.current.replayedAt);
  // The server of this test replays nothing, so it cannot tell.
  expect(await db.run(tenant.tenantId, replayedAt, READ)).toBeNull();
  expect(await db.run(tenant.tenantId, replayedAt, { readOnly: true })).toBeUndefined();
});

test('a replica that cannot be reached leaves its work to the primary, and is not asked again for a while', async () => {
  const db = open('postgresql://podcast_app@127.0.0.1:1/nowhere');
  expect(source.replica()).toBeDefined();
  expect(await db.run(tenant.tenantId, () => visibleTenants(db), READ)).toContain(tenant.tenantId);
  expect(source.replica()).toBeUndefined();
  expect(await db.run(tenant.tenantId, () => visibleTenants(db), READ)).toContain(tenant.tenantId);
});

test('an error of the work itself is not tried again', async () => {
  const db = open(database.urls.app);
  let runs = 0;
  const work = () => {
    runs += 1;
    return db.current.sql('SELECT 1/0');
  };
  await expect(db.run(tenant.tenantId, work, READ)).rejects.toMatchObject({ code: '22012' });
  expect(runs).toBe(1);
});
