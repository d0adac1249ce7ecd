import { randomUUID } from 'node:crypto';
import { readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createLogger } from '@lib/observability';
import { DAY_MS, toTenantId, utcDate } from '@lib/primitives';
import {
  connectTestDatabase,
  createTestDatabase,
  createTestTenant,
  DatabaseProxy,
  untilWithin,
  type TestConnections,
  type TestDatabase,
  type TestTenant,
} from '@lib/testing';
import { NO_LISTENER } from '../../domain/listener-ids.js';
import { writeReceipt, type Receipt } from '../../domain/receipt.js';
import { Spool } from '../spool/spool.js';
import { ReceiptRecorder } from './receipt-recorder.js';

const until = untilWithin(20_000);

let database: TestDatabase;
let proxy: DatabaseProxy;
let connections: TestConnections;
let tenant: TestTenant;
let recorder: ReceiptRecorder | undefined;

beforeEach(async () => {
  database = await createTestDatabase();
  proxy = await DatabaseProxy.start(database);
  connections = connectTestDatabase(database, { DATABASE_URL: proxy.url, CONNECTION_TIMEOUT_MS: '500' });
  tenant = await createTestTenant(database);
});
afterEach(async () => {
  proxy.restore();
  await recorder?.close();
  await connections.close();
  proxy.close();
  await database.drop();
});

function receiptOf(occurredAt: Date): Receipt {
  return {
    id: randomUUID(),
    occurredAt: occurredAt.toISOString(),
    tenantId: toTenantId(tenant.tenantId),
    kind: 'redirect',
    targetId: tenant.podcastId,
    mediaKey: 'cdn.example/1.mp3',
    method: 'GET',
    userAgent: 'WalkRadio/0.9',
    referrer: null,
    range: null,
    sessionId: null,
    network: null,
    ids: NO_LISTENER,
  };
}

/** What a process that is gone left on the disk. */
async function leaveBehind(receipts: readonly Receipt[]): Promise<void> {
  const spool = new Spool(connections.settings.spoolDir, { maxBytes: 1_000_000, fileBytes: 1_000_000 });
  for (const receipt of receipts) await spool.append(writeReceipt(receipt));
  await spool.close();
}

const start = () =>
  (recorder = new ReceiptRecorder(connections.settings, connections.app, createLogger('silent')));

async function noted(): Promise<object[]> {
  const { rows } = await database.owner.query<object>(
    `SELECT tenant_id, podcast_id, day::text, reason, requests::int FROM unrecorded_requests ORDER BY day`,
  );
  return rows;
}

const tooOld = (day: Date, requests: number) => ({
  tenant_id: tenant.tenantId,
  podcast_id: tenant.podcastId,
  day: utcDate(day),
  reason: 'too_old',
  requests,
});

describe('what waited too long on the disk', () => {
  const [old, older] = [-30, -31].map((days) => new Date(Date.now() + days * DAY_MS)) as [Date, Date];

  test('is noted under the days on which it came, and the rest is stored', async () => {
    const fresh = receiptOf(new Date());
    await leaveBehind([receiptOf(old), receiptOf(old), fresh, receiptOf(older)]);
    start();
    await until('the loss is noted', async () => (await noted()).length === 2);
    expect(await noted()).toEqual([tooOld(older, 1), tooOld(old, 2)]);
    const { rows } = await database.owner.query('SELECT event_id FROM listener_events');
    expect(rows).toEqual([{ event_id: fresh.id }]);
  });

  test('and goes while the database is away is noted when it is back', async () => {
    await leaveBehind([receiptOf(old), receiptOf(older), receiptOf(older)]);
    const { spoolDir } = connections.settings;
    const files = readdirSync(spoolDir, { recursive: true, withFileTypes: true }).filter((e) => e.isFile());
    for (const { parentPath, name } of files) utimesSync(join(parentPath, name), old, old);
    proxy.cut();
    start();
    const left = () =>
      readdirSync(spoolDir, { recursive: true }).filter((name) => /ndjson$/.test(String(name)));
    await until('it is off the disk', async () => left().length === 0);
    expect(await noted()).toEqual([]);
    proxy.restore();
    await until('the loss is noted', async () => (await noted()).length === 2);
    expect(await noted()).toEqual([tooOld(older, 2), tooOld(old, 1)]);
  });
});
