import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { AnswerPrivacyRequests, CountDownloads, IngestionModule } from '@lib/ingestion';
import { MetricsModule, RefreshAggregates } from '@lib/metrics';
import { startTestApi, type TestApi } from '@lib/testing';
import { LazyModuleLoader } from '@nestjs/core';
import { createApi } from './create-api.js';

let api: TestApi;
let answerer: AnswerPrivacyRequests;
let counting: { run(): Promise<{ days: number; failed: number }> }[];
let tenant: { tenantId: string; key: string };
let sender: string;
let episodeId: string;

const APP = 'AntennaPod/3.4.0';
const ADDRESS = '192.0.2.44';
const DAY = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
const NEXT_DAY = new Date().toISOString().slice(0, 10);

beforeAll(async () => {
  api = await startTestApi(createApi);
  const load = api.app.get(LazyModuleLoader);
  const [ingestion, metrics] = [await load.load(() => IngestionModule), await load.load(() => MetricsModule)];
  answerer = ingestion.get(AnswerPrivacyRequests);
  counting = [ingestion.get(CountDownloads), metrics.get(RefreshAggregates)];
});
afterAll(() => api.close());

beforeEach(async () => {
  tenant = await api.createTenant();
  const key = await call<{ credential: string }>('POST', '/v1/keys', {
    name: 'cdn',
    scopes: ['ingest'],
    trustedSender: true,
  });
  sender = key.body.credential;
  const { body: podcast } = await call<{ id: string }>('POST', '/v1/podcasts', { title: 'Signal & Salt' });
  const episode = await call<{ id: string }>('POST', `/v1/podcasts/${podcast.id}/episodes`, {
    guid: 'one',
    title: 'The First Tide',
    mediaBytes: 10_000,
    headerBytes: 1_000,
    durationSeconds: 540,
  });
  episodeId = episode.body.id;
});

function call<Body>(method: string, path: string, body?: object, key = tenant.key) {
  return api.call<Body>(method, path, { key, ...(body && { body }) });
}

async function send(ip = ADDRESS, more: object = {}): Promise<void> {
  const event = {
    id: randomUUID(),
    type: 'download_request',
    occurredAt: `${DAY}T12:00:00Z`,
    episodeId,
    client: { ip, userAgent: APP },
    request: { method: 'GET', status: 200, bytes: 10_000 },
    ...more,
  };
  const answer = await call<{ accepted: number }>('POST', '/v1/events/batch', { events: [event] }, sender);
  expect(answer.body).toMatchObject({ accepted: 1 });
}

async function count(): Promise<void> {
  for (let days = 1; days > 0;) {
    days = 0;
    for (const job of counting) {
      const report = await job.run();
      expect(report.failed).toBe(0);
      days += report.days;
    }
  }
}

/** Lets the worker do all there is to do, as if its pauses had passed. */
async function answerAll(): Promise<void> {
  for (const afterMs of [61_000, 183_000])
    for (let steps = 1; steps > 0;) steps = (await answerer.run(new Date(Date.now() + afterMs))).rows;
}

interface Request {
  id: string;
  state: string;
  report: { foundFrom: string | null; rows: Record<string, number>; days: string[] };
}

async function ask(kind: string, subject: object = { address: ADDRESS, userAgent: APP }): Promise<Request> {
  const answer = await call<Request>('POST', '/v1/privacy-requests', { kind, subject });
  expect([answer.status, answer.body]).toMatchObject([202, { kind, state: 'queued', doneAt: null }]);
  expect(JSON.stringify(answer.body)).not.toContain(ADDRESS);
  return answer.body;
}

async function shownDownloads(): Promise<number> {
  const { body } = await call<{ totals: { metric: string; evidence: string; value: number }[] }>(
    'GET',
    `/v1/metrics/totals?from=${DAY}&to=${NEXT_DAY}&timeZone=UTC`,
  );
  return body.totals.find(({ metric, evidence }) => metric === 'downloads' && evidence === 'origin_bytes')!
    .value;
}

interface Funnel {
  counted: number;
  steps: { outcome: string; requests: number; examples: { userAgent: string | null }[] }[];
}

describe('an erasure', () => {
  test('takes the listener out of every number, and explain says why', async () => {
    await send();
    await send('192.0.2.45');
    await count();
    expect(await shownDownloads()).toBe(2);
    const { id } = await ask('erasure');
    await answerAll();
    await count();
    expect(await shownDownloads()).toBe(1);
    const { body: explained } = await call<{ funnels: Funnel[] }>(
      'GET',
      `/v1/metrics/explain?from=${DAY}&to=${NEXT_DAY}`,
    );
    const funnel = explained.funnels[0]!;
    const erased = funnel.steps.find(({ outcome }) => outcome === 'no_listener')!;
    expect([funnel.counted, erased.requests, erased.examples]).toMatchObject([1, 1, [{ userAgent: null }]]);
    const { body } = await call<Request>('GET', `/v1/privacy-requests/${id}`);
    expect(body).toMatchObject({
      state: 'done',
      report: { rows: { listener_events: 1, downloads: 1 }, days: [DAY] },
    });
    expect(Object.keys(body).sort()).toEqual([
      'doneAt',
      'exportUrl',
      'exportUrlExpiresAt',
      'id',
      'kind',
      'report',
      'requestedAt',
      'requestedBy',
      'state',
    ]);
    expect((await call('GET', `/v1/privacy-requests/${id}/export`)).status).toBe(404);
  });
});

describe('an export', () => {
  test('shows everything that is stored of a listener, and nothing of others', async () => {
    await send(ADDRESS, { sessionId: 'mine', data: { volume: 11 } });
    await send('192.0.2.45', { sessionId: 'theirs' });
    await count();
    const { id, report } = await ask('export');
    expect(report.foundFrom! <= DAY).toBe(true);
    expect((await call('GET', `/v1/privacy-requests/${id}/export`)).body).toMatchObject({
      status: 409,
      code: 'export_not_ready',
    });
    await answerAll();
    const answer = await call<{ days: { day: string; events: object[]; downloads: object[] }[] }>(
      'GET',
      `/v1/privacy-requests/${id}/export`,
    );
    expect(answer.headers).toMatchObject({
      'cache-control': 'private, no-store',
      'content-disposition': `attachment; filename="listener-${id}.json"`,
    });
    expect(answer.body).toMatchObject({
      requestId: id,
      downloadsWithoutRequests: [],
      days: [
        {
          day: DAY,
          events: [
            {
              type: 'download_request',
              podcast: 'Signal & Salt',
              episode: 'The First Tide',
              userAgent: APP,
              sessionId: 'mine',
              data: { volume: 11 },
            },
          ],
          downloads: [{ episode: 'The First Tide', bytes: 10_000, app: 'AntennaPod' }],
        },
      ],
    });
    expect(JSON.stringify(answer.body)).not.toContain('theirs');
    expect(JSON.stringify(answer.body)).not.toContain(ADDRESS);
  });

  test('shows nothing after an erasure, and cannot be fetched for ever', async () => {
    await send();
    const { id } = await ask('export');
    await ask('erasure');
    await answerAll();
    const { body } = await call<{ days: { events: object[] }[] }>('GET', `/v1/privacy-requests/${id}/export`);
    expect(body.days.flatMap(({ events }) => events)).toEqual([]);
    await api.database.owner.query(
      `UPDATE privacy_requests SET done_at = now() - interval '31 days' WHERE id = $1`,
      [id],
    );
    expect((await call('GET', `/v1/privacy-requests/${id}/export`)).body).toMatchObject({
      status: 410,
      code: 'export_expired',
    });
  });

  test('ids that it shows name the listener in another request', async () => {
    await send();
    const { id } = await ask('export');
    await answerAll();
    const { body } = await call<{ days: { events: { keyedIds: { audienceA: string } }[] }[] }>(
      'GET',
      `/v1/privacy-requests/${id}/export`,
    );
    const erasure = await ask('erasure', { listenerIds: [body.days[0]!.events[0]!.keyedIds.audienceA] });
    await answerAll();
    expect((await call<Request>('GET', `/v1/privacy-requests/${erasure.id}`)).body.report.rows).toMatchObject(
      {
        listener_events: 1,
      },
    );
  });
});

describe('privacy requests', () => {
  test.each([
    [{ kind: 'erasure', subject: { address: '192.0.2.300', userAgent: APP } }, 'invalid_subject'],
    [{ kind: 'erasure', subject: { address: ADDRESS } }, 'invalid_input'],
    [{ kind: 'erasure', subject: { userAgent: APP } }, 'invalid_input'],
    [{ kind: 'erasure', subject: {} }, 'invalid_input'],
    [{ kind: 'erasure' }, 'invalid_input'],
    [{ kind: 'correction', subject: { address: ADDRESS, userAgent: APP } }, 'invalid_input'],
    [{ kind: 'erasure', subject: { listenerIds: [] } }, 'invalid_input'],
    [{ kind: 'erasure', subject: { listenerIds: ['0'] } }, 'invalid_input'],
    [{ kind: 'erasure', subject: { listenerIds: ['9223372036854775808'] } }, 'invalid_subject'],
  ])('are refused for %j, and echo no address', async (body, code) => {
    const answer = await call('POST', '/v1/privacy-requests', body);
    expect(answer.body).toMatchObject({ status: 400, code });
    expect(JSON.stringify(answer.body)).not.toMatch(/192\.0\.2|AntennaPod/);
  });

  test('belong to their tenant, and need the scope admin', async () => {
    await send();
    const { id } = await ask('export');
    await answerAll();
    const stranger = (await api.createTenant()).key;
    for (const path of [`/v1/privacy-requests/${id}`, `/v1/privacy-requests/${id}/export`])
      expect([path, (await call('GET', path, undefined, stranger)).body]).toMatchObject([
        path,
        { status: 404, code: 'privacy_request_not_found' },
      ]);
    expect((await call('GET', '/v1/privacy-requests', undefined, stranger)).body).toEqual({
      items: [],
      next: null,
    });
    const key = await call<{ credential: string }>('POST', '/v1/keys', {
      name: 'reader',
      scopes: ['read', 'write'],
    });
    for (const path of ['/v1/privacy-requests', `/v1/privacy-requests/${id}/export`])
      expect([path, (await call('GET', path, undefined, key.body.credential)).status]).toEqual([path, 403]);
    expect((await call<{ items: object[] }>('GET', '/v1/privacy-requests')).body.items).toHaveLength(1);
  });
});
