import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startTestApi, type TestApi } from '@lib/testing';
import { pino } from 'pino';
import { createApi } from './create-api.js';

/** At one event a second a batch of this size is more than a whole window of ten seconds lets through. */
const MAX_BATCH = 20;

let api: TestApi;
let tenantId: string;
let key: string;
const logged: string[] = [];
beforeAll(async () => {
  const logger = pino({ level: 'info' }, { write: (line: string) => void logged.push(line) });
  api = await startTestApi((settings) => createApi(settings, logger), {
    INGEST_TENANT_EVENTS_PER_SECOND: '1',
    INGEST_MAX_BATCH_EVENTS: String(MAX_BATCH),
  });
});
beforeEach(async () => {
  ({ tenantId, key } = await api.createTenant());
});
afterAll(() => api.close());

/** Sends events that are judged one by one and stored nowhere: the limit counts what is sent. */
function send(count: number, as = key) {
  const event = { type: 'play', occurredAt: new Date().toISOString(), episodeId: randomUUID() };
  const events = Array.from({ length: count }, () => ({ ...event, id: randomUUID() }));
  return api.call('POST', '/v1/events/batch', { key: as, body: { events } });
}

describe('a tenant that sends too fast', () => {
  test('is told when to come back, alone, and by a line that names its key', async () => {
    const other = await api.createTenant();
    expect((await send(MAX_BATCH)).status).toBe(200);
    logged.length = 0;
    const refused = await send(1);
    expect(refused.status).toBe(429);
    expect(refused.headers['content-type']).toContain('application/problem+json');
    expect(refused.body).toMatchObject({
      status: 429,
      code: 'rate_limited',
      detail: 'This tenant may send 1 events a second.',
    });
    const seconds = Number(refused.headers['retry-after']);
    expect(seconds).toBeGreaterThanOrEqual(1);
    expect(seconds).toBeLessThanOrEqual(10);
    expect((await send(MAX_BATCH, other.key)).status).toBe(200);

    while (logged.length === 0) await new Promise(setImmediate);
    const line = JSON.parse(logged[0] ?? '') as Record<string, unknown>;
    expect(line).toMatchObject({ status: 429, tenantId, keyId: key.split('_')[2] });
    expect(logged.join('')).not.toContain(key.split('_')[3]);
  });

  test('gets the largest batch through after waiting as it was told', async () => {
    expect((await send(1)).status).toBe(200);
    const refused = await send(MAX_BATCH);
    expect(refused.status).toBe(429);
    await sleep(Number(refused.headers['retry-after']) * 1_000);
    expect((await send(MAX_BATCH)).status).toBe(200);
  });
});
