import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestTenant, fillTestTenant, startTestApi, type TestApi, type TestTenant } from '@lib/testing';
import { createApi } from './create-api.js';

let api: TestApi;
let key: string;
let tenant: TestTenant;

beforeAll(async () => {
  api = await startTestApi(createApi);
  const created = await api.createTenant('A');
  key = created.key;
  tenant = await fillTestTenant(api.database, created.tenantId);
});
afterAll(() => api.close());

interface Result {
  accepted: number;
  duplicates: number;
  rejected: number;
  retryable: number;
  results: { index: number; id: string | null; status: string; code?: string; field?: string }[];
}

function event(change: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    id: randomUUID(),
    type: 'play',
    occurredAt: new Date().toISOString(),
    episodeId: tenant.episodeIds[0],
    ...change,
  };
}

function send(events: unknown, options: { key?: string; headers?: Record<string, string> } = {}) {
  return api.call<Result>('POST', '/v1/events/batch', { key, body: { events }, ...options });
}

async function stored(): Promise<number> {
  const { rows } = await api.database.owner.query<{ n: string }>('SELECT count(*) AS n FROM listener_events');
  return Number(rows[0]?.n);
}

describe('a batch', () => {
  test('is stored once, however often it is sent', async () => {
    const events = Array.from({ length: 50 }, () => event());
    const before = await stored();
    const first = await send(events);
    const again = await send(events);
    expect(first.body).toMatchObject({ accepted: 50, duplicates: 0, rejected: 0, retryable: 0 });
    expect(again.body).toMatchObject({ accepted: 0, duplicates: 50, rejected: 0, retryable: 0 });
    expect(await stored()).toBe(before + 50);
  });

  test('sent fifty times at once is accepted once', async () => {
    const events = Array.from({ length: 20 }, () => event());
    const before = await stored();
    const answers = await Promise.all(Array.from({ length: 50 }, () => send(events)));
    const sum = (field: 'accepted' | 'duplicates') =>
      answers.reduce((total, answer) => total + answer.body[field], 0);
    expect(sum('accepted')).toBe(20);
    expect(sum('duplicates')).toBe(20 * 49);
    expect(await stored()).toBe(before + 20);
  });

  test('marks the slice of each new event, and of no repeat', async () => {
    const events = [
      event({ occurredAt: '2026-11-20T10:01:00Z' }),
      event({ occurredAt: '2026-11-20T10:02:00Z' }),
    ].map((e) => ({
      ...e,
      occurredAt: new Date(Math.floor(Date.now() / 300_000) * 300_000 - 3_600_000).toISOString(),
    }));
    const marks = async () =>
      Number(
        (await api.database.owner.query<{ n: string }>('SELECT count(*) AS n FROM dirty_buckets')).rows[0]?.n,
      );
    const before = await marks();
    await send(events);
    expect(await marks()).toBe(before + 1);
    await send(events);
    expect(await marks()).toBe(before + 1);
  });

  test('may come as gzip', async () => {
    const answer = await api.call<Result>('POST', '/v1/events/batch', {
      key,
      body: gzipSync(JSON.stringify({ events: [event()] })),
      headers: { 'content-encoding': 'gzip' },
    });
    expect(answer.body).toMatchObject({ accepted: 1 });
  });

  test('may carry a ULID, and a time with a zone, and is the same event in either spelling', async () => {
    const id = '01JB4M9Q3W8Z6V5T2R1P0N7K4H';
    const now = new Date();
    const utc = await send([event({ id, occurredAt: now.toISOString() })]);
    const shifted = new Date(now.getTime() + 2 * 3_600_000).toISOString().replace('Z', '+02:00');
    const local = await send([event({ id: id.toLowerCase(), occurredAt: shifted })]);
    expect(utc.body.accepted).toBe(1);
    expect(local.body.duplicates).toBe(1);
  });

  test('stores every field it was given', async () => {
    const id = randomUUID();
    const trusted = await api.call<{ credential: string }>('POST', '/v1/keys', {
      key,
      body: { name: 'CDN', scopes: ['ingest'], trustedSender: true },
    });
    const body = event({
      id,
      type: 'download_request',
      sessionId: 's-1',
      client: { ip: '203.0.113.7', userAgent: 'WalkRadio/0.9', referrer: 'https://example.org/page?user=1' },
      request: { method: 'GET', status: 206, bytes: 1_005_000, range: 'bytes=0-1004999' },
      data: { note: 'kept', n: 1.5 },
    });
    expect((await send([body], { key: trusted.body.credential })).body.accepted).toBe(1);
    const { rows } = await api.database.owner.query<Record<string, string>>(
      `SELECT e.*, a.value AS agent, r.value AS referrer FROM listener_events e
       JOIN user_agents a ON a.tenant_id = e.tenant_id AND a.id = e.user_agent_id
       JOIN referrers r ON r.tenant_id = e.tenant_id AND r.id = e.referrer_id WHERE event_id = $1`,
      [id],
    );
    expect(rows[0]).toMatchObject({
      agent: 'WalkRadio/0.9',
      referrer: 'https://example.org/page',
      status: 206,
      bytes_sent: '1005000',
      method: 'GET',
      byte_range: 'bytes=0-1004999',
      trusted_sender: true,
      session_id: 's-1',
      event_data: { note: 'kept', n: 1.5 },
    });
    for (const id of ['count_id_today', 'count_id_yesterday', 'address_day_id', 'audience_a', 'audience_b']) {
      expect(rows[0]?.[id]).toMatch(/^-?\d+$/);
    }
  });

  test('identity with another payload is a conflict, and the first stays', async () => {
    const first = event({ positionMs: 1 });
    await send([first]);
    const answer = await send([{ ...first, positionMs: 2 }]);
    expect(answer.body.results[0]).toMatchObject({ status: 'rejected', code: 'conflict' });
    expect((await send([first])).body.duplicates).toBe(1);
  });

  test('repeats within one batch are folded', async () => {
    const one = event();
    const answer = await send([one, one, { ...one, type: 'pause' }]);
    expect(answer.body.results.map((result) => result.code ?? result.status)).toEqual([
      'accepted',
      'duplicate',
      'conflict',
    ]);
  });
});

describe('one bad event costs only itself', () => {
  const old = new Date(Date.now() - 8 * 86_400_000).toISOString();
  const deep = JSON.parse(`${'{"a":'.repeat(40)}1${'}'.repeat(40)}`) as unknown;
  const cases: [string, () => unknown, string, string][] = [
    ['a list', () => [1], 'schema', ''],
    ['null', () => null, 'schema', ''],
    ['an unknown field', () => event({ surprise: 1 }), 'unknown_field', '/surprise'],
    ['an unknown type', () => event({ type: 'listen' }), 'unknown_type', '/type'],
    ['a missing time', () => event({ occurredAt: undefined }), 'schema', '/occurredAt'],
    [
      'microseconds',
      () => event({ occurredAt: new Date().toISOString().replace('Z', '123Z') }),
      'schema',
      '/occurredAt',
    ],
    ['a leap second', () => event({ occurredAt: '2026-06-30T23:59:60Z' }), 'schema', '/occurredAt'],
    [
      'a day that does not exist',
      () => event({ occurredAt: '2026-02-30T10:00:00Z' }),
      'schema',
      '/occurredAt',
    ],
    [
      'an id that is neither UUID nor ULID',
      () => event({ id: 'not-an-id-not-an-id-not-an' }),
      'schema',
      '/id',
    ],
    ['an ancient time', () => event({ occurredAt: old }), 'too_old', '/occurredAt'],
    ['1970', () => event({ occurredAt: '1970-01-01T00:00:00Z' }), 'too_old', '/occurredAt'],
    [
      'a future time',
      () => event({ occurredAt: new Date(Date.now() + 600_000).toISOString() }),
      'future',
      '/occurredAt',
    ],
    ['the year 9999', () => event({ occurredAt: '9999-12-31T23:59:59Z' }), 'future', '/occurredAt'],
    ['NUL in a value', () => event({ sessionId: 'a\u0000b' }), 'nul_byte', '/sessionId'],
    ['NUL in a key', () => event({ data: { 'a\u0000': 1 } }), 'nul_byte', '/data'],
    ['a lone surrogate', () => event({ data: { a: '\ud800' } }), 'lone_surrogate', '/data/a'],
    [
      'an unsafe integer',
      () => event({ data: { a: 12345678901234567890n.toString().length * 1e18 } }),
      'number_range',
      '/data/a',
    ],
    ['deep nesting', () => event({ data: deep }), 'too_deep', ''],
    ['data beyond 8 KiB', () => event({ data: { a: 'x'.repeat(9_000) } }), 'too_large', '/data'],
    ['an episode of nobody', () => event({ episodeId: randomUUID() }), 'unknown_episode', '/episodeId'],
    ['a request on a play', () => event({ request: { method: 'GET' } }), 'schema', '/request'],
    ['a negative position', () => event({ positionMs: -1 }), 'schema', '/positionMs'],
  ];

  test.each(cases)('%s', async (_name, bad, code, field) => {
    const answer = await send([event(), bad(), event()]);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ accepted: 2, rejected: 1 });
    expect(answer.body.results[1]).toMatchObject({ index: 1, status: 'rejected', code, field });
  });

  test.each([
    ['1e400000', '1e400000'],
    ['an integer beyond 2^53', '12345678901234567890'],
  ])('%s in the text of the body', async (_name, number) => {
    const body = JSON.stringify({ events: [event(), event({ data: { a: 'NUMBER' } })] }).replace(
      '"NUMBER"',
      number,
    );
    const answer = await api.call<Result>('POST', '/v1/events/batch', { key, body });
    expect(answer.body).toMatchObject({ accepted: 1, rejected: 1 });
    expect(answer.body.results[1]?.code).toBe('number_range');
  });

  test('__proto__ in the text of the body', async () => {
    const body = JSON.stringify({ events: [event(), event({ data: { PROTO: { polluted: 1 } } })] }).replace(
      'PROTO',
      '__proto__',
    );
    const answer = await api.call<Result>('POST', '/v1/events/batch', { key, body });
    expect(answer.body.results.map((result) => result.code ?? result.status)).toEqual([
      'accepted',
      'unknown_field',
    ]);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  test('half a million nested lists', async () => {
    const deepText = '['.repeat(200_000) + ']'.repeat(200_000);
    const body = JSON.stringify({ events: [event(), event({ data: { a: 'DEEP' } })] }).replace(
      '"DEEP"',
      deepText,
    );
    const answer = await api.call<Result>('POST', '/v1/events/batch', { key, body });
    expect(answer.body.results.map((result) => result.code ?? result.status)).toEqual([
      'accepted',
      'too_deep',
    ]);
  });

  test('an episode of another tenant is as unknown as one of nobody', async () => {
    const b = await createTestTenant(api.database, 'B');
    const foreign = await send([event({ episodeId: b.episodeIds[0] })]);
    const nobody = await send([event({ episodeId: randomUUID() })]);
    expect({ ...foreign.body.results[0], id: '' }).toEqual({ ...nobody.body.results[0], id: '' });
  });

  test('an event that is too old but stored is a duplicate', async () => {
    const id = randomUUID();
    const occurredAt = new Date(Date.now() - 2 * 86_400_000);
    const body = event({ id, occurredAt: occurredAt.toISOString() });
    await send([body]);
    // Eight days later the same text arrives again.
    const spy = Date.now;
    const later = new Date(occurredAt.getTime() + 8 * 86_400_000);
    const RealDate = Date;
    try {
      globalThis.Date = class extends RealDate {
        constructor(...parts: [] | [string | number | Date]) {
          super(parts.length === 0 ? later : parts[0]);
        }
        static override now() {
          return later.getTime();
        }
      } as DateConstructor;
      expect((await send([body])).body.duplicates).toBe(1);
      expect((await send([{ ...body, id: randomUUID() }])).body.results[0]?.code).toBe('too_old');
    } finally {
      globalThis.Date = RealDate;
      Date.now = spy;
    }
  });
});

test('no sender can have listener keys made for days that are long over', async () => {
  const events = [400, 500].map((days) =>
    event({ occurredAt: new Date(Date.now() - days * 86_400_000).toISOString() }),
  );
  expect((await send(events)).body.results.map(({ code }) => code)).toEqual(['too_old', 'too_old']);
  const { rows } = await api.database.owner.query(
    `SELECT FROM listener_keys WHERE purpose = 'count' AND period < now() - interval '100 days'`,
  );
  expect(rows).toEqual([]);
});

describe('a bad request', () => {
  const problem = async (body: unknown, headers: Record<string, string> = {}) => {
    const answer = await api.call<{ code: string }>('POST', '/v1/events/batch', { key, body, headers });
    return [answer.status, answer.body.code];
  };

  test('names what is wrong with the envelope', async () => {
    expect(await problem({})).toEqual([400, 'invalid_envelope']);
    expect(await problem({ events: [] })).toEqual([400, 'invalid_envelope']);
    expect(await problem({ events: [{}], more: 1 })).toEqual([400, 'invalid_envelope']);
    expect(await problem('{"events":')).toEqual([400, 'malformed_request']);
    expect(await problem(Buffer.from([0x22, 0xff, 0x22]))).toEqual([400, 'malformed_request']);
  });

  test('is refused by size', async () => {
    expect(await problem({ events: Array.from({ length: 1_001 }, () => ({})) })).toEqual([413, 'too_large']);
    expect(await problem({ events: ['x'.repeat(1_100_000)] })).toEqual([413, 'too_large']);
  });

  test('is refused by encoding', async () => {
    expect(await problem(Buffer.from('x'), { 'content-encoding': 'br' })).toEqual([
      415,
      'unsupported_media_type',
    ]);
    expect(await problem(Buffer.from('x'), { 'content-encoding': 'gzip' })).toEqual([
      400,
      'malformed_request',
    ]);
    for (const type of ['text/xml', 'text/plain'])
      expect(await problem('<a/>', { 'content-type': type })).toEqual([415, 'unsupported_media_type']);
  });

  test('a gzip bomb stops at the limit of decoded bytes', async () => {
    expect(await problem(gzipSync(Buffer.alloc(100_000_000)), { 'content-encoding': 'gzip' })).toEqual([
      413,
      'too_large',
    ]);
  });

  test('without a key, or with one that may not write, stores nothing', async () => {
    const before = await stored();
    expect((await api.call('POST', '/v1/events/batch', { body: { events: [event()] } })).status).toBe(401);
    const reader = await api.call<{ credential: string }>('POST', '/v1/keys', {
      key,
      body: { name: 'R', scopes: ['read'] },
    });
    expect((await send([event()], { key: reader.body.credential })).status).toBe(403);
    expect(await stored()).toBe(before);
  });
});

describe('privacy', () => {
  test('a public token may write, also from the query, and what it says of its client is not believed', async () => {
    const token = await api.call<{ credential: string }>('POST', '/v1/keys', {
      key,
      body: { name: 'Web', kind: 'ingest_token', scopes: ['ingest'] },
    });
    const id = randomUUID();
    const answer = await api.call<Result>('POST', `/v1/events/batch?token=${token.body.credential}`, {
      body: { events: [event({ id, client: { ip: '203.0.113.99', userAgent: 'Claimed/1' } })] },
      headers: { 'user-agent': 'Real/1' },
    });
    expect(answer.body.accepted).toBe(1);
    const { rows } = await api.database.owner.query(
      'SELECT trusted_sender, a.value FROM listener_events e JOIN user_agents a ON a.id = e.user_agent_id WHERE event_id = $1',
      [id],
    );
    expect(rows[0]).toMatchObject({ trusted_sender: false, value: 'Real/1' });
  });

  test('no table holds the address of a listener', async () => {
    const trusted = await api.call<{ credential: string }>('POST', '/v1/keys', {
      key,
      body: { name: 'T', scopes: ['ingest'], trustedSender: true },
    });
    const canary = '198.51.100.77';
    await send([event({ client: { ip: canary, userAgent: 'Canary/1' } })], { key: trusted.body.credential });
    const { rows } = await api.database.owner.query<{ name: string }>(
      `SELECT c.oid::regclass::text AS name FROM pg_class c WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`,
    );
    let agents = 0;
    for (const { name } of rows) {
      const found = await api.database.owner.query<{ ip: string; agent: string }>(
        `SELECT count(*) FILTER (WHERE t::text LIKE '%${canary}%') AS ip,
                count(*) FILTER (WHERE t::text LIKE '%Canary/1%') AS agent FROM ${name} t`,
      );
      expect([name, found.rows[0]?.ip]).toEqual([name, '0']);
      agents += Number(found.rows[0]?.agent);
    }
    // The search does find what is stored.
    expect(agents).toBe(1);
  });
});
