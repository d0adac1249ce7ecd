import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { toTenantId } from '@lib/primitives';
import {
  connectTestDatabase,
  createTestDatabase,
  createTestTenant,
  type TestConnections,
  type TestDatabase,
} from '@lib/testing';
import { NO_LISTENER } from '../domain/listener-ids.js';
import { AddressLists } from './address-lists.js';
import { ClientReader } from './client-reader.js';
import { ListenerKeys } from './listener-keys.js';
import { NetworkLists } from './network-lists.js';
import { NetworkReader } from './network-reader.js';
import { PrivacyPolicies } from './privacy/privacy-policies.js';

let database: TestDatabase;
let connections: TestConnections;
beforeAll(async () => {
  database = await createTestDatabase();
  connections = connectTestDatabase(database);
});
afterAll(async () => {
  await connections.close();
  await database.drop();
});

// An erasure finds listeners by their ids: a line of the spool without them could never be erased.
test('without keys nothing is kept by which a client could be told from others', async () => {
  const { app, settings } = connections;
  const tenantId = toTenantId((await createTestTenant(database)).tenantId);
  const networks = new NetworkReader(new NetworkLists(app), new AddressLists(app));
  const read = await new ClientReader(networks, new PrivacyPolicies(app)).forTenant(tenantId);
  const atMs = Date.now();
  const client = { address: '203.0.113.77', userAgent: 'WalkRadio/0.9', atMs, signals: {} };
  expect(read(undefined, client)).toMatchObject({ ids: NO_LISTENER, isIdentifiable: false });
  const keys = await new ListenerKeys(settings, app).forDay(tenantId, new Date(atMs));
  expect(read(keys, client)).toMatchObject({ ids: { countToday: expect.any(BigInt) }, isIdentifiable: true });
});
