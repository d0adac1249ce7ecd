import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createLogger } from '@lib/observability';
import { toTenantId } from '@lib/primitives';
import {
  connectTestDatabase,
  createTestDatabase,
  createTestTenant,
  type TestConnections,
  type TestDatabase,
} from '@lib/testing';
import { writeReceipt } from '../../domain/receipt.js';
import { EventStore } from '../commit-events.js';
import { GroupCommit } from '../group-commit.js';
import { ListenerIdentifier } from '../identify-listener.js';
import { ListenerKeys } from '../listener-keys.js';
import { DownloadRequests } from '../redirect/download-requests.js';
import { EpisodeFiles } from '../redirect/episode-files.js';
import { replayReceipts } from '../redirect/replay-receipts.js';
import { AnswerPrivacyRequests } from './answer-privacy-requests.js';
import { PrivacyRequestsService } from './privacy-requests.service.js';

const ADDRESS = '198.51.100.77';
const AGENT = 'AntennaPod/3.4.0 (handmade 5d1c)';

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

test('a line of the spool whose listener was erased meanwhile is stored without them, once', async () => {
  const { app, db, settings } = connections;
  const tenant = await createTestTenant(database);
  const tenantId = toTenantId(tenant.tenantId);
  const keys = new ListenerKeys(settings, app);
  const at = new Date(Date.now() - 60_000);
  const ids = new ListenerIdentifier().identify(await keys.forDay(tenantId, at), ADDRESS, AGENT);
  const receipt = {
    occurredAt: at.toISOString(),
    tenantId,
    kind: 'redirect' as const,
    targetId: tenant.podcastId,
    mediaKey: 'cdn.example/1.mp3',
    method: 'GET',
    userAgent: AGENT,
    referrer: 'https://only.example/mine',
    range: null,
    sessionId: 'listening-1',
    network: null,
    ids,
  };
  const spooled = writeReceipt({ id: randomUUID(), ...receipt });
  await db.run(tenantId, () =>
    new PrivacyRequestsService(db, keys, settings).request(
      'erasure',
      { address: ADDRESS, userAgent: AGENT },
      'test',
    ),
  );
  const answerer = new AnswerPrivacyRequests(db, app, createLogger('silent'));
  for (const afterMs of [61_000, 183_000])
    for (let steps = 1; steps > 0;) steps = (await answerer.run(new Date(Date.now() + afterMs))).rows;

  const commits = new GroupCommit(new EventStore(app), {
    queueEvents: 100,
    queueBytes: 1e6,
    deadlineMs: 10_000,
  });
  const requests = new DownloadRequests(commits, new EpisodeFiles(app), { acceptanceDays: 7, locateMs: 0 });
  const later = writeReceipt({
    id: randomUUID(),
    ...receipt,
    occurredAt: new Date(Date.now() + 1_000).toISOString(),
    sessionId: 'listening-2',
  });
  expect(await replayReceipts(requests, [spooled, later])).toEqual([]);
  expect(await replayReceipts(requests, [spooled])).toEqual([]);
  const { rows } = await database.owner.query(
    `SELECT session_id AS session, audience_a IS NOT NULL AS named, user_agent_id IS NOT NULL AS agent
     FROM listener_events WHERE tenant_id = $1 ORDER BY occurred_at`,
    [tenantId],
  );
  expect(rows).toEqual([
    { session: null, named: false, agent: false },
    // Of what they did afterwards nobody was asked to forget anything.
    { session: 'listening-2', named: true, agent: true },
  ]);
});
