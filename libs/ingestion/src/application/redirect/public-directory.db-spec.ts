import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createLogger, Readiness } from '@lib/observability';
import { DAY_MS, toTenantId } from '@lib/primitives';
import {
  connectTestDatabase,
  createTestDatabase,
  createTestTenant,
  type TestConnections,
  type TestDatabase,
  type TestTenant,
} from '@lib/testing';
import { AddressLists } from '../address-lists.js';
import { ListenerKeys } from '../listener-keys.js';
import { NetworkLists } from '../network-lists.js';
import { ClientReader } from '../client-reader.js';
import { PrivacyPolicies } from '../privacy/privacy-policies.js';
import { NetworkReader } from '../network-reader.js';
import { EdgeKeys } from './edge-keys.js';
import { PublicDirectory } from './public-directory.js';

let database: TestDatabase;
let connections: TestConnections;
let tenant: TestTenant;
let keys: ListenerKeys;

beforeAll(async () => {
  database = await createTestDatabase();
  connections = connectTestDatabase(database);
  tenant = await createTestTenant(database);
  keys = new ListenerKeys(connections.settings, connections.app);
});
afterAll(async () => {
  await connections.close();
  await database.drop();
});

/** What one process holds. */
function edge(): { directory: PublicDirectory; edgeKeys: EdgeKeys } {
  const { settings, app } = connections;
  const logger = createLogger('silent');
  const edgeKeys = new EdgeKeys(keys, logger);
  const networks = new NetworkReader(new NetworkLists(app), new AddressLists(app));
  const clients = new ClientReader(networks, new PrivacyPolicies(app));
  const directory = new PublicDirectory(app, edgeKeys, clients, new Readiness(settings, app, logger), logger);
  return { directory, edgeKeys };
}

const addHandle = ({ tenantId, podcastId }: TestTenant, handle: string) =>
  database.owner.query(
    "INSERT INTO public_handles (tenant_id, kind, handle, target_id) VALUES ($1, 'redirect', $2, $3)",
    [tenantId, handle, podcastId],
  );
const addHost = ({ tenantId, podcastId }: TestTenant, host: string) =>
  database.owner.query(
    "INSERT INTO podcast_hosts (tenant_id, podcast_id, host, source) VALUES ($1, $2, $3, 'feed')",
    [tenantId, podcastId, host],
  );

describe('a refresh', () => {
  test('reads every handle, however many there are', async () => {
    await database.owner.query(
      `INSERT INTO public_handles (tenant_id, kind, handle, target_id)
       SELECT $1, 'redirect', 'many-' || n, $2 FROM generate_series(1, 12000) AS n`,
      [tenant.tenantId, tenant.podcastId],
    );
    const { directory } = edge();
    await directory.refresh();
    const names = Array.from({ length: 12_000 }, (_, n) => `many-${n + 1}`);
    const missing = names.filter((name) => directory.find('redirect', name)?.targetId !== tenant.podcastId);
    expect(missing).toEqual([]);
    expect(directory.find('redirect', 'many-0')).toBeUndefined();
    await database.owner.query("DELETE FROM public_handles WHERE handle LIKE 'many-%'");
  });

  test('brings what is new and takes what is gone', async () => {
    await addHandle(tenant, 'stays');
    await addHandle(tenant, 'goes');
    await addHost(tenant, 'old.example');
    const { directory } = edge();
    await directory.refresh();
    expect([...(directory.find('redirect', 'stays')?.hosts ?? [])]).toEqual(['old.example']);
    await database.owner.query("DELETE FROM public_handles WHERE handle = 'goes'");
    await database.owner.query('DELETE FROM podcast_hosts');
    await addHost(tenant, 'new.example');
    await addHandle(tenant, 'comes');
    await directory.refresh();
    expect(directory.find('redirect', 'goes')).toBeUndefined();
    for (const handle of ['stays', 'comes'])
      expect([...(directory.find('redirect', handle)?.hosts ?? [])]).toEqual(['new.example']);
  });

  test('that fails leaves what is known', async () => {
    await addHandle(tenant, 'known');
    const { directory, edgeKeys } = edge();
    await directory.refresh();
    await database.owner.query('ALTER TABLE podcast_hosts RENAME TO away');
    await expect(directory.refresh()).rejects.toThrow('podcast_hosts');
    await database.owner.query('ALTER TABLE away RENAME TO podcast_hosts');
    expect(directory.find('redirect', 'known')).toBeDefined();
    expect(edgeKeys.find(toTenantId(tenant.tenantId), new Date())).toBeDefined();
  });

  test('brings the keys of yesterday, today and tomorrow, and no others', async () => {
    await addHandle(tenant, 'keyed');
    const { directory, edgeKeys } = edge();
    await directory.refresh();
    const id = toTenantId(tenant.tenantId);
    for (const offset of [-1, 0, 1]) {
      const day = new Date(Date.now() + offset * DAY_MS);
      expect(edgeKeys.find(id, day)?.countToday).toEqual((await keys.forDay(id, day)).countToday);
    }
    for (const offset of [-2, 2])
      expect(edgeKeys.find(id, new Date(Date.now() + offset * DAY_MS))).toBeUndefined();
    await edgeKeys.refresh([id], new Date(Date.now() + DAY_MS));
    expect(edgeKeys.find(id, new Date(Date.now() - DAY_MS))).toBeUndefined();
    expect(edgeKeys.find(id, new Date(Date.now() + 2 * DAY_MS))).toBeDefined();
  });

  test('a tenant whose keys cannot be opened costs no other its keys', async () => {
    const broken = await createTestTenant(database, 'broken');
    await addHandle(broken, 'broken');
    await addHandle(tenant, 'sound');
    const today = new Date().toISOString().slice(0, 10);
    await database.owner.query(
      `WITH slot AS (
         INSERT INTO listener_keys (tenant_id, purpose, period, destroy_after)
         VALUES ($1, 'count', $2, now() + interval '9 days') RETURNING *
       )
       INSERT INTO listener_key_secrets SELECT tenant_id, purpose, period, import_id, '\\x00' FROM slot`,
      [broken.tenantId, today],
    );
    const { directory, edgeKeys } = edge();
    await directory.refresh();
    expect(directory.find('redirect', 'broken')).toBeDefined();
    expect(edgeKeys.find(toTenantId(broken.tenantId), new Date())).toBeUndefined();
    expect(edgeKeys.find(toTenantId(tenant.tenantId), new Date())).toBeDefined();
  });
});

describe('a look-up', () => {
  test('finds what came after the refresh, once for all who ask', async () => {
    const { directory } = edge();
    await directory.refresh();
    await addHandle(tenant, 'late');
    expect(directory.find('redirect', 'late')).toBeUndefined();
    const found = await Promise.all(Array.from({ length: 20 }, () => directory.lookUp('redirect', 'late')));
    expect(found.every((place) => place?.targetId === tenant.podcastId)).toBe(true);
    expect(directory.find('redirect', 'late')).toBe(found[0]);
  });

  test('guesses at handles get no further than two at a time, and are not asked for again', async () => {
    const { directory } = edge();
    const guesses = Array.from({ length: 200 }, (_, n) => `guess-${n}`);
    expect(await Promise.all(guesses.map((handle) => directory.lookUp('redirect', handle)))).toEqual(
      guesses.map(() => undefined),
    );
    // Two were asked for; the next two may be.
    await addHandle(tenant, 'guess-0');
    await addHandle(tenant, 'guess-50');
    expect(await directory.lookUp('redirect', 'guess-0')).toBeUndefined();
    expect(await directory.lookUp('redirect', 'guess-50')).toBeDefined();
  });

  test('waits no longer than a listener can', async () => {
    const { directory } = edge();
    const locker = await database.owner.connect();
    await locker.query('BEGIN; LOCK TABLE public_handles IN ACCESS EXCLUSIVE MODE');
    const started = performance.now();
    expect(await directory.lookUp('redirect', 'stays')).toBeUndefined();
    expect(performance.now() - started).toBeLessThan(400);
    await locker.query('ROLLBACK');
    locker.release();
  });
});
