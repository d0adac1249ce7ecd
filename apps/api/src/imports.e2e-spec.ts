import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { CountDownloads, IngestionModule, LocateRequests } from '@lib/ingestion';
import { startTestApi, type TestApi } from '@lib/testing';
import { LazyModuleLoader } from '@nestjs/core';
import { createApi } from './create-api.js';

const LOG = readFileSync(
  join(__dirname, '../../../libs/ingestion/src/domain/access-log/fixtures/nginx.combined-range.log'),
);
const HOST = 'audio.dailyledger.example';

let api: TestApi;
let tenant: { tenantId: string; key: string };

beforeAll(async () => {
  api = await startTestApi(createApi);
});
afterAll(() => api.close());
beforeEach(async () => {
  tenant = await api.createTenant();
  const { body: podcast } = await call<{ id: string }>('POST', '/v1/podcasts', { title: 'Daily Ledger' });
  await call('POST', `/v1/podcasts/${podcast.id}/episodes`, {
    title: '299',
    enclosureUrl: `https://${HOST}/2026/10/ml-0299.mp3`,
  });
});

function call<Body>(method: string, path: string, body?: object, key = tenant.key) {
  return api.call<Body>(method, path, { key, ...(body && { body }) });
}

function upload<Body = Record<string, unknown>>(bytes: Buffer, query = `host=${HOST}`, key = tenant.key) {
  const boundary = 'a-boundary';
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="access.log"\r\n\r\n`;
  return api.call<Body>('POST', `/v1/imports/logs?${query}`, {
    key,
    body: Buffer.concat([Buffer.from(head), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)]),
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
  });
}

describe('an access log', () => {
  test('is imported, and the same file again changes nothing', async () => {
    const { status, body } = await upload(LOG);
    expect([status, body]).toEqual([
      200,
      {
        importId: expect.any(String),
        format: 'combined_range',
        wasImported: false,
        resumedFrom: 0,
        lines: 300,
        stored: 300,
        notEpisodes: expect.any(Number),
        duplicates: 0,
        conflicts: 0,
        faults: 0,
        comments: 0,
        rules: {},
        examples: [],
      },
    ]);
    expect(await upload(LOG)).toMatchObject({ body: { wasImported: true, stored: 300 } });
    expect((await upload(gzipSync(LOG))).body).toMatchObject({ stored: 0, duplicates: 300 });
  });

  test('shows among the imports of its tenant alone', async () => {
    const { body } = await upload<{ importId: string }>(Buffer.concat([LOG, Buffer.from('nonsense\n')]));
    const { body: list } = await call('GET', '/v1/imports');
    expect(list).toMatchObject({
      items: [
        {
          id: body.importId,
          source: 'log',
          firstDay: '2026-10-15',
          lastDay: '2026-10-16',
          state: 'closed',
          files: [
            {
              name: 'access.log',
              lines: 301,
              stored: 300,
              faults: 1,
              rules: { form: 1 },
              finishedAt: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/),
            },
          ],
        },
      ],
    });
    const other = await api.createTenant('Other');
    expect((await call('GET', '/v1/imports', undefined, other.key)).body).toEqual({ items: [], next: null });
    expect((await upload(LOG, `host=${HOST}`, other.key)).body).toMatchObject({ code: 'no_episode_matches' });
  });

  test('tells answers that its days have keys of their own, before anything of it is counted', async () => {
    const versionNow = async () => {
      const { rows } = await api.database.owner.query<{ version: string }>(
        'SELECT version FROM aggregate_watermarks WHERE tenant_id = $1',
        [tenant.tenantId],
      );
      return Number(rows[0]?.version);
    };
    const before = await versionNow();
    await upload(LOG);
    const imported = await versionNow();
    expect(imported).toBeGreaterThan(before);
    await upload(LOG, `host=${HOST}&source=edge-2&replace=true`);
    expect(await versionNow()).toBeGreaterThan(imported);
  });

  test('says what it needs', async () => {
    const custom = Buffer.from('1792058400.250|::1|D111.cloudfront.net|GET|/2026/10/ml-0299.mp3|206|500\n');
    const format = encodeURIComponent(
      '$msec|$remote_addr|$host|$request_method|$request_uri|$status|$body_bytes_sent',
    );
    const alias = `hostAlias=d111.cloudfront.net%3D${HOST}&hostAlias=other%3D${HOST}`;
    const { status, body } = await upload(custom, `format=${format}&${alias}&source=edge-1`);
    expect([status, body]).toMatchObject([200, { stored: 1, notEpisodes: 0 }]);
  });
});

test.each([
  [Buffer.from('what is this?\n'), '', 400, 'log_format_unknown'],
  [LOG, 'format=%24remote_addr', 400, 'log_format_invalid'],
  [LOG, 'host=elsewhere.example', 422, 'no_episode_matches'],
  [gzipSync(LOG).subarray(0, 500), `host=${HOST}`, 422, 'log_damaged'],
  [LOG, 'hostAlias=cdn', 400, 'invalid_input'],
  [LOG, 'replace=perhaps', 400, 'invalid_input'],
  [LOG, 'unknown=1', 400, 'invalid_input'],
])('is refused with its reason (%#)', async (bytes, query, status, code) => {
  const { status: answered, body } = await upload(bytes, query);
  expect([answered, body]).toMatchObject([status, { code }]);
});

test('needs a form, and a key with scope admin', async () => {
  expect(await call('POST', '/v1/imports/logs', {})).toMatchObject({ status: 415 });
  const key = await call<{ credential: string }>('POST', '/v1/keys', {
    name: 'writer',
    scopes: ['write', 'read'],
  });
  expect(await upload(LOG, '', key.body.credential)).toMatchObject({ status: 403 });
});

describe('a log that came before its episode', () => {
  const url = `https://${HOST}/2026/10/ml-0299.mp3`;
  const feed = Buffer.from(
    `<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"><channel><title>Ledger</title><item><guid>299</guid><title>299</title><enclosure url="${url}" length="10924762"/><itunes:duration>674</itunes:duration></item></channel></rss>`,
  );
  let newcomer: { tenantId: string; key: string };
  const post = async <Body>(path: string, body: object | Buffer, headers?: Record<string, string>) => {
    const answer = await api.call<Body>('POST', path, {
      key: newcomer.key,
      body,
      ...(headers && { headers }),
    });
    expect(answer.status).toBe(201);
    return answer.body;
  };
  const episode = { title: '299', enclosureUrl: url, mediaBytes: 10_924_762, durationSeconds: 674 };
  const newPodcast = () => post<{ id: string }>('/v1/podcasts', { title: 'Ledger' });

  /** Runs what the worker would, and tells the counted requests that the log explains. */
  async function counted(): Promise<number> {
    const ingestion = await api.app.get(LazyModuleLoader).load(() => IngestionModule);
    await ingestion.get(LocateRequests).run();
    await ingestion.get(CountDownloads).run();
    const { body } = await api.call<{ requests: number; funnels: { counted: number }[] }>(
      'GET',
      '/v1/metrics/explain?from=2026-10-15&to=2026-10-17',
      { key: newcomer.key },
    );
    expect(body.requests).toBe(300);
    return body.funnels[0]!.counted;
  }

  test.each<[string, () => Promise<unknown>]>([
    [
      'a feed',
      () => post('/v1/podcasts/import-feed/upload', feed, { 'content-type': 'application/rss+xml' }),
    ],
    ['an episode', async () => post(`/v1/podcasts/${(await newPodcast()).id}/episodes`, episode)],
    [
      'an episode that gets its file later',
      async () => {
        const { id } = await post<{ id: string }>(`/v1/podcasts/${(await newPodcast()).id}/episodes`, {
          title: '299',
        });
        expect(await counted()).toBe(0);
        await api.call('PATCH', `/v1/episodes/${id}`, {
          key: newcomer.key,
          body: episode,
        });
      },
    ],
  ])('is counted with %s', async (_, makeKnown) => {
    newcomer = await api.createTenant('Newcomer');
    const { body } = await upload(LOG, `host=${HOST}&evenWithoutEpisodes=true`, newcomer.key);
    expect(body).toMatchObject({ stored: 300, notEpisodes: 300 });
    expect(await counted()).toBe(0);
    await makeKnown();
    expect(await counted()).toBeGreaterThan(5);
  });
});
