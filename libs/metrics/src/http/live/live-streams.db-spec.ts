import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { AuthenticatedRequest, Authenticator } from '@lib/http';
import { createLogger } from '@lib/observability';
import { toTenantId } from '@lib/primitives';
import { TenantsService } from '@lib/tenants';
import {
  connectTestDatabase,
  createTestDatabase,
  createTestTenant,
  type TestConnections,
  type TestDatabase,
} from '@lib/testing';
import { LiveFeeds } from '../../application/live/live-feeds.js';
import { LiveTotals } from '../../application/live/live-totals.js';
import { LiveStreams } from './live-streams.js';

let database: TestDatabase;
let connections: TestConnections;

beforeAll(async () => {
  database = await createTestDatabase();
  connections = connectTestDatabase(database, { LIVE_HEARTBEAT_MS: '50' });
});
afterAll(async () => {
  await connections.close();
  await database.drop();
});

test('a stream beats until its time is up, and then ends though its key is still good', async () => {
  const { db, maintenance, settings } = connections;
  const { tenantId } = await createTestTenant(database);
  const totals = new LiveTotals(db, new TenantsService(db, maintenance, settings), settings);
  const feeds = new LiveFeeds(totals, settings, createLogger('silent'));
  const authenticator: Authenticator = {
    authenticate: () =>
      Promise.resolve({
        kind: 'tenant',
        tenantId: toTenantId(tenantId),
        keyId: 'key',
        scopes: ['read'],
        ingestToken: false,
        trustedSender: false,
      }),
  };
  const request = { headers: { authorization: 'Bearer key' } } as AuthenticatedRequest;
  const streams = new LiveStreams(feeds, settings, authenticator, 400);
  const begun = performance.now();
  const stream = await streams.start(tenantId, request, { podcastId: null, lastId: undefined });
  let beats = 0;
  stream.on('data', (chunk: Buffer) => (beats += chunk.toString().startsWith(':') ? 1 : 0));
  await once(stream, 'end');
  expect(performance.now() - begun).toBeGreaterThanOrEqual(400);
  expect(beats).toBeGreaterThan(1);
  await streams.onModuleDestroy();
});
