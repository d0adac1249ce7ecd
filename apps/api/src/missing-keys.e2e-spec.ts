import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startTestApi, untilWithin, type TestApi } from '@lib/testing';
import type pg from 'pg';
import { createApi } from './create-api.js';

const until = untilWithin(30_000);

const headers = { 'x-forwarded-for': '203.0.113.77', 'user-agent': 'WalkRadio/0.9' };

let api: TestApi;
/** Holds the table of the keys, so that whoever wants one waits. */
let holder: pg.PoolClient;
let key: string;
let podcastId: string;
let episodeId: string;

beforeAll(async () => {
  // Everything else is patient: only the deadline of the request itself is left.
  api = await startTestApi(createApi, {
    INGEST_DEADLINE_MS: '1500',
    CONNECTION_TIMEOUT_MS: '60000',
    STATEMENT_TIMEOUT_MS: '600000',
    LOCK_TIMEOUT_MS: '60000',
    TRUST_PROXY: '127.0.0.1',
  });
});
beforeEach(async () => {
  ({ key } = await api.createTenant());
  podcastId = await created('/v1/podcasts', { title: 'Tides' });
  const enclosureUrl = 'https://cdn.example/1.mp3';
  episodeId = await created(`/v1/podcasts/${podcastId}/episodes`, { title: 'One', enclosureUrl });
  holder = await api.database.owner.connect();
  await holder.query('BEGIN; LOCK TABLE listener_keys IN ACCESS EXCLUSIVE MODE');
});
afterEach(async () => {
  await holder.query('ROLLBACK');
  holder.release();
});
afterAll(() => api.close());

async function created(path: string, body: object): Promise<string> {
  const answer = await api.call<{ id: string }>('POST', path, { key, body });
  expect(answer.status).toBe(201);
  return answer.body.id;
}

async function stored(): Promise<object[]> {
  const { rows } = await api.database.owner.query<object>(
    'SELECT event_type, audience_a IS NULL AS anonymous FROM listener_events WHERE episode_id = $1',
    [episodeId],
  );
  return rows;
}

function spooled(): string {
  const entries = readdirSync(api.settings.spoolDir, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8')).join('');
}

describe('while the keys of listeners cannot be read', () => {
  test('a batch is answered at its deadline, and a repeat stores it once', async () => {
    const event = { id: randomUUID(), type: 'play', occurredAt: new Date().toISOString(), episodeId };
    const send = () => api.call('POST', '/v1/events/batch', { key, body: { events: [event] }, headers });
    const answer = await send();
    expect(answer).toMatchObject({ status: 503, body: { code: 'not_persisted' } });
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(await stored()).toEqual([]);

    await holder.query('ROLLBACK');
    expect((await send()).body).toMatchObject({ accepted: 1 });
    expect((await send()).body).toMatchObject({ duplicates: 1 });
    expect(await stored()).toEqual([{ event_type: 'play', anonymous: false }]);
  });

  test('a listener is sent on, and the request kept without ids', async () => {
    const prefix = await api.call<{ handle: string }>('GET', `/v1/podcasts/${podcastId}/prefix`, { key });
    const answer = await api.call('GET', `/r/${prefix.body.handle}/cdn.example/1.mp3`, { headers });
    expect(answer.status).toBe(302);
    await until('the request is in the spool', () => /"ids":\[(null,)+null\]/.test(spooled()));
    await until('it is stored', async () => (await stored()).length === 1);
    expect(await stored()).toEqual([{ event_type: 'download_request', anonymous: true }]);
  });
});
