import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startTestApi, type TestApi } from '@lib/testing';
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
    expect((await call('GET', '/v1/imports', undefined, other.key)).body).toEqual({ items: [] });
    expect((await upload(LOG, `host=${HOST}`, other.key)).body).toMatchObject({ code: 'no_episode_matches' });
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
