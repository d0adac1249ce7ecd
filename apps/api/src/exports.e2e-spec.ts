import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { AnswerPrivacyRequests, IngestionModule } from '@lib/ingestion';
import { MetricsModule, RunExports } from '@lib/metrics';
import { DAY_MS, HOUR_MS } from '@lib/primitives';
import { startTestApi, type TestApi } from '@lib/testing';
import { LazyModuleLoader } from '@nestjs/core';
import { createApi } from './create-api.js';

interface Export extends Record<string, unknown> {
  id: string;
  state: string;
}

const DAY = new Date(Date.now() - DAY_MS).toISOString().slice(0, 10);
const NEXT_DAY = new Date().toISOString().slice(0, 10);
const EVENTS = { table: 'listener_events', format: 'ndjson', from: DAY, to: NEXT_DAY };

let api: TestApi;
let exporter: RunExports;
let answerer: AnswerPrivacyRequests;
let tenant: { tenantId: string; key: string };
let keys: Record<'read' | 'raw' | 'both' | 'sender', string>;

beforeAll(async () => {
  api = await startTestApi(createApi);
  const load = api.app.get(LazyModuleLoader);
  exporter = (await load.load(() => MetricsModule)).get(RunExports);
  answerer = (await load.load(() => IngestionModule)).get(AnswerPrivacyRequests);
});
afterAll(() => api.close());
beforeEach(async () => {
  tenant = await api.createTenant();
  const create = async (scopes: string[], more: object = {}) =>
    (await call<{ credential: string }>('POST', '/v1/keys', { name: 'k', scopes, ...more }, tenant.key)).body
      .credential;
  keys = {
    read: await create(['read']),
    raw: await create(['raw']),
    both: await create(['read', 'raw']),
    sender: await create(['ingest'], { trustedSender: true }),
  };
});

function call<Body = Record<string, unknown>>(method: string, path: string, body?: object, key = tenant.key) {
  return api.call<Body>(method, path, { key, ...(body && { body }) });
}

/** Plays from the begin of the day on, some seconds apart. */
async function storePlays(count: number, apartSeconds = 1): Promise<void> {
  await api.database.owner.query(
    `INSERT INTO listener_events (tenant_id, occurred_at, event_id, received_at, payload_hash, payload_hash_version,
                                  trusted_sender, event_type, session_id)
     SELECT $1, $2::timestamptz + n * make_interval(secs => $4), gen_random_uuid(), now(), 1, 1, false, 'play', md5(n::text)
     FROM generate_series(0, $3 - 1) AS n`,
    [tenant.tenantId, `${DAY}T00:00:00Z`, count, apartSeconds],
  );
}

async function runAll(): Promise<void> {
  while ((await exporter.run()).rows > 0);
}

/** An export that a worker is done with. */
async function done(question: object = { table: 'podcasts', format: 'csv' }): Promise<Export> {
  const { status, body } = await call<Export>('POST', '/v1/exports', question);
  expect([status, body.state]).toEqual([202, 'queued']);
  await runAll();
  return (await call<Export>('GET', `/v1/exports/${body.id}`)).body;
}

async function linkTo(id: string): Promise<string> {
  const { body } = await call<{ url: string }>('POST', `/v1/exports/${id}/link`);
  expect(body.url).toMatch(/^\/v1\/export-files\/[\w-]{94}$/);
  return body.url;
}

const LEADS_NOWHERE = { status: 404, body: { code: 'export_link_invalid' } };

describe('an export', () => {
  test('is asked for, written, listed, fetched by a link without a key, and deleted with its links', async () => {
    await call('POST', '/v1/podcasts', { title: '=HYPERLINK("http://evil.example")' });
    const made = await done();
    expect(made).toMatchObject({
      state: 'done',
      progress: 1,
      rows: 1,
      from: null,
      podcastId: null,
      error: null,
    });
    expect(Date.parse(String(made.expiresAt)) - Date.parse(String(made.doneAt))).toBe(24 * HOUR_MS);
    expect((await call('GET', '/v1/exports')).body).toEqual({ items: [made], next: null });
    const link = await linkTo(made.id);
    const file = await api.call<string>('GET', link);
    expect(file.headers).toMatchObject({
      'content-type': 'text/csv; charset=utf-8; header=present',
      'content-length': String(made.bytes),
      'content-disposition': `attachment; filename="podcasts-${made.id}.csv"`,
      'cache-control': 'private, no-store',
      'referrer-policy': 'no-referrer',
    });
    expect(file.body).toContain(`"'=HYPERLINK(""http://evil.example"")"`);
    expect((await call('DELETE', `/v1/exports/${made.id}`)).status).toBe(204);
    expect(await api.call('GET', link)).toMatchObject(LEADS_NOWHERE);
    expect((await call('GET', `/v1/exports/${made.id}`)).status).toBe(404);
  });

  test('of another tenant is as unknown as one that nobody has, by every route and by every changed link', async () => {
    const made = await done();
    const link = await linkTo(made.id);
    const stranger = await api.createTenant('Stranger');
    for (const [method, path] of [
      ['GET', ''],
      ['DELETE', ''],
      ['POST', '/link'],
    ] as const)
      for (const id of [made.id, randomUUID()])
        expect(await call(method, `/v1/exports/${id}${path}`, undefined, stranger.key)).toMatchObject({
          status: 404,
          body: { code: 'export_not_found' },
        });
    expect((await call('GET', '/v1/exports', undefined, stranger.key)).body).toEqual({
      items: [],
      next: null,
    });
    const bytes = Buffer.from(link.slice(link.lastIndexOf('/') + 1), 'base64url');
    const stolen = Buffer.from(bytes);
    stolen.write(stranger.tenantId.replaceAll('-', ''), 0, 'hex');
    const longer = Buffer.from(bytes);
    longer.writeUIntBE(0xff_ff_ff_ff, 32, 6);
    for (const wrong of [stolen, longer].map((each) => each.toString('base64url')))
      expect(await api.call('GET', `/v1/export-files/${wrong}`)).toMatchObject(LEADS_NOWHERE);
    expect(await api.call('GET', `/v1/listener-exports/${bytes.toString('base64url')}`)).toMatchObject(
      LEADS_NOWHERE,
    );
    const podcast = await call<{ id: string }>('POST', '/v1/podcasts', { title: 'Mine' });
    const theirs = { table: 'episodes', format: 'csv', podcastId: podcast.body.id };
    expect((await call('POST', '/v1/exports', theirs, stranger.key)).body).toMatchObject({
      code: 'podcast_not_found',
    });
    expect((await api.call('GET', link)).status).toBe(200);
  });

  test('can be fetched for a day, by nobody while the tenant is suspended, and not too often', async () => {
    const made = await done();
    const link = await linkTo(made.id);
    const set = (status: string) =>
      call('PATCH', `/v1/admin/tenants/${tenant.tenantId}`, { status }, api.platformKey);
    await set('suspended');
    expect(await api.call('GET', link)).toMatchObject(LEADS_NOWHERE);
    await set('active');
    for (let fetches = 0; fetches < 10; fetches += 1) expect((await api.call('GET', link)).status).toBe(200);
    const refused = await api.call('GET', link);
    expect([refused.status, refused.body.code]).toEqual([429, 'rate_limited']);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    await api.database.owner.query(`UPDATE exports SET expires_at = now() WHERE id = $1`, [made.id]);
    expect(await api.call('GET', link)).toMatchObject(LEADS_NOWHERE);
    expect((await call('GET', `/v1/exports/${made.id}`)).body).toMatchObject({ state: 'expired' });
    expect(await call('POST', `/v1/exports/${made.id}/link`)).toMatchObject({
      status: 410,
      body: { code: 'export_gone' },
    });
  });

  test('is refused beyond what a tenant may have, and to a key that may not see single requests', async () => {
    for (let n = 0; n < 5; n += 1) await call('POST', '/v1/exports', { table: 'podcasts', format: 'csv' });
    const sixth = await call<Export>('POST', '/v1/exports', { table: 'podcasts', format: 'csv' });
    expect([sixth.status, sixth.body.code]).toEqual([409, 'too_many_exports']);
    await runAll();
    await api.database.owner.query(
      `INSERT INTO exports (tenant_id, id, table_name, format, of_listeners, requested_by, state, expires_at)
       SELECT $1, gen_random_uuid(), 'podcasts', 'csv', false, 'test', 'done', now() + interval '1 hour' FROM generate_series(1, 15)`,
      [tenant.tenantId],
    );
    expect((await call('POST', '/v1/exports', { table: 'podcasts', format: 'csv' })).body.code).toBe(
      'too_many_exports',
    );
    for (const table of ['listener_events', 'downloads']) {
      const refused = await call('POST', '/v1/exports', { ...EVENTS, table }, keys.read);
      expect([refused.status, refused.body.code]).toEqual([403, 'forbidden']);
      expect(
        (
          await call(
            'GET',
            `/v1/exports/stream?table=${table}&format=csv&from=${DAY}&to=${NEXT_DAY}`,
            undefined,
            keys.read,
          )
        ).status,
      ).toBe(403);
    }
  });

  test('of single requests gives no link to a key that may not see them', async () => {
    const made = await done(EVENTS);
    expect((await call('POST', `/v1/exports/${made.id}/link`, undefined, keys.read)).status).toBe(403);
    expect((await call('POST', `/v1/exports/${made.id}/link`, undefined, keys.both)).status).toBe(200);
  });

  test.each([
    [{ table: 'secrets', format: 'csv' }, 'invalid_input'],
    [{ table: 'api_keys', format: 'csv' }, 'invalid_input'],
    [{ table: 'podcasts', format: 'xlsx' }, 'invalid_input'],
    [{ table: 'podcasts', format: 'csv', from: DAY, to: NEXT_DAY }, 'invalid_range'],
    [{ table: 'metrics_daily', format: 'csv' }, 'invalid_range'],
    [{ table: 'metrics_daily', format: 'csv', from: NEXT_DAY, to: DAY }, 'invalid_range'],
    [{ table: 'metrics_daily', format: 'csv', from: 'yesterday!', to: DAY }, 'invalid_range'],
    [{ table: 'rule_sets', format: 'csv', podcastId: randomUUID() }, 'filter_not_applicable'],
  ])('%j is refused as %s', async (question, code) => {
    expect(await call('POST', '/v1/exports', question)).toMatchObject({ status: 400, body: { code } });
  });
});

describe('a stream', () => {
  test('says what the file says', async () => {
    await storePlays(300);
    const query = new URLSearchParams(EVENTS).toString();
    const streamed = await api.call<string>('GET', `/v1/exports/stream?${query}`, { key: keys.both });
    expect(streamed.headers).toMatchObject({
      'content-type': 'application/x-ndjson; charset=utf-8',
      'content-disposition': 'attachment; filename="listener_events.ndjson"',
    });
    const file = await api.call<string>('GET', await linkTo((await done(EVENTS)).id));
    expect(streamed.body).toEqual(file.body);
    expect(streamed.body.trimEnd().split('\n')).toHaveLength(300);
  });

  test('is refused where it would be too long, and names what is not', async () => {
    await storePlays(100_001, 0.8);
    const refused = await call('GET', `/v1/exports/stream?${new URLSearchParams(EVENTS).toString()}`);
    expect([refused.status, refused.body.code]).toEqual([422, 'export_too_large']);
    expect(refused.body.detail).toContain('POST /v1/exports');
  });
});

describe('the erasure of a listener', () => {
  test('takes back the files of single requests, finished or begun, and no others', async () => {
    const address = '192.0.2.44';
    const event = {
      id: randomUUID(),
      type: 'play',
      occurredAt: `${DAY}T12:00:00Z`,
      episodeId: await newEpisode(),
      sessionId: 'a-session-to-be-forgotten',
      client: { ip: address, userAgent: 'AntennaPod/3.4.0' },
    };
    await call('POST', '/v1/events/batch', { events: [event] }, keys.sender);
    const [events, podcasts] = [await done(EVENTS), await done()];
    const [link, other] = [await linkTo(events.id), await linkTo(podcasts.id)];
    expect((await api.call<string>('GET', link)).body).toContain('a-session-to-be-forgotten');
    const waiting = await call<Export>('POST', '/v1/exports', EVENTS);
    await call('POST', '/v1/privacy-requests', {
      kind: 'erasure',
      subject: { address, userAgent: 'AntennaPod/3.4.0' },
    });
    for (const afterMs of [61_000, 183_000])
      for (let steps = 1; steps > 0;) steps = (await answerer.run(new Date(Date.now() + afterMs))).rows;
    expect(await api.call('GET', link)).toMatchObject(LEADS_NOWHERE);
    expect((await call('GET', `/v1/exports/${events.id}`)).body).toMatchObject({
      state: 'expired',
      error: expect.stringContaining('erased'),
    });
    expect((await api.call('GET', other)).status).toBe(200);
    const { rows } = await api.database.owner.query(`SELECT FROM export_pieces WHERE export_id = $1`, [
      events.id,
    ]);
    expect(rows).toEqual([]);
    await runAll();
    const again = await api.call<string>('GET', await linkTo(waiting.body.id));
    expect(again.body).toContain(event.id);
    expect(again.body).not.toContain('a-session-to-be-forgotten');
  });
});

async function newEpisode(): Promise<string> {
  const { body: podcast } = await call<{ id: string }>('POST', '/v1/podcasts', { title: 'Signal & Salt' });
  const path = `/v1/podcasts/${podcast.id}/episodes`;
  return (await call<{ id: string }>('POST', path, { guid: 'one', title: 'The First Tide' })).body.id;
}
