import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  connectTestDatabase,
  createTestDatabase,
  createTestTenant,
  type TestConnections,
  type TestDatabase,
} from '@lib/testing';
import { toTenantId } from '@lib/primitives';
import { addressKey } from '../infrastructure/parse-address.js';
import { AddressLists } from './address-lists.js';

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

async function addEntry(
  tenantId: string,
  kind: string,
  network: string,
  more: { daysAgo?: number; removed?: boolean } = {},
): Promise<string> {
  const id = randomUUID();
  await database.owner.query(
    `INSERT INTO address_lists (tenant_id, id, kind, network, reason, created_by, validated_at, removed_at)
     VALUES ($1, $2, $3, $4, 'a test', 'a test', now() - $5 * interval '1 day', CASE WHEN $6 THEN now() END)`,
    [tenantId, id, kind, network, more.daysAgo ?? 0, more.removed ?? false],
  );
  return id;
}

test('a tenant’s entries tell its addresses, and nobody else’s', async () => {
  const { tenantId: mine } = await createTestTenant(database);
  const { tenantId: other } = await createTestTenant(database);
  const dorm = await addEntry(mine, 'included', '198.51.100.0/24');
  const bad = await addEntry(mine, 'excluded', '2001:db8:bad::/48');
  await addEntry(mine, 'excluded', '203.0.113.0/24', { removed: true });
  const stale = await addEntry(mine, 'included', '192.0.2.0/24', { daysAgo: 91 });
  await addEntry(other, 'excluded', '203.0.113.0/24');

  const lists = new AddressLists(connections.app);
  const listings = await lists.ofTenant(toTenantId(mine));
  const ask = (address: string) => listings.listing(addressKey(address)!, Date.now());
  expect(ask('198.51.100.7')).toEqual({ kind: 'included', entryId: dorm });
  expect(ask('2001:db8:bad::7')).toEqual({ kind: 'excluded', entryId: bad });
  expect(ask('203.0.113.7')).toBeNull();
  expect(ask('192.0.2.7')).toBeNull();
  expect(listings.lapsed(Date.now()).map(({ id }) => id)).toEqual([stale]);
  expect(await lists.ofTenant(toTenantId(mine))).toBe(listings);
});
