import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { CountDownloads, IngestionModule, LocateRequests, TrackingReceiver } from '@lib/ingestion';
import { startTestApi, type TestApi } from '@lib/testing';
import { LazyModuleLoader } from '@nestjs/core';
import { register } from 'prom-client';
import { createApi } from './create-api.js';

let api: TestApi;
let a: { tenantId: string; key: string };
let b: { tenantId: string; key: string };
let port: number;
let show: Show;

interface Show {
  podcastId: string;
  handle: string;
}
interface Row {
  event_id: string;
  occurred_at: Date;
  episode: string | null;
  path: string | null;
  agent: string | null;
  referrer: string | null;
  method: string;
  byte_range: string | null;
  session_id: string | null;
  segment: number | null;
  status: number | null;
  bytes_sent: string | null;
  trusted_sender: boolean;
  evidence: string;
  [id: string]: unknown;
}

beforeAll(async () => {
  api = await startTestApi(createApi, { TRACKING_HOSTS: 'track.example', TRUST_PROXY: '127.0.0.1' });
  a = await api.createTenant('A');
  b = await api.createTenant('B');
  show = await createShow(a.key, {
    one: 'https://cdn.example/show/1.mp3',
    accented: 'https://cdn.example/show/é.mp3',
    stream: 'https://hls.example/show/2/master.m3u8',
  });
  await api.app.listen(0, '127.0.0.1');
  port = (api.app.getHttpServer().address() as AddressInfo).port;
});
afterAll(() => api.close());
beforeEach(async () => {
  await api.app.get(TrackingReceiver).settle();
  await spoolDrained(); // what is spooled would come back
  await api.database.owner.query('DELETE FROM listener_events');
});

async function spoolDrained(): Promise<void> {
  while ((await register.getSingleMetric('spool_bytes')?.get())?.values[0]?.value !== 0)
    await new Promise((resolve) => setTimeout(resolve, 50));
}

async function createShow(key: string, episodes: Record<string, string>): Promise<Show> {
  const podcast = await api.call<{ id: string }>('POST', '/v1/podcasts', { key, body: { title: 'Show' } });
  const podcastId = podcast.body.id;
  for (const [title, enclosureUrl] of Object.entries(episodes)) {
    const body = { title, enclosureUrl };
    const answer = await api.call('POST', `/v1/podcasts/${podcastId}/episodes`, { key, body });
    expect(answer.status).toBe(201);
  }
  const { body } = await api.call<{ handle: string }>('GET', `/v1/podcasts/${podcastId}/prefix`, { key });
  return { podcastId, handle: body.handle };
}

const to = (destination: string, { handle } = show) => `/r/${handle}/${destination}`;
const get = (url: string, headers: Record<string, string> = {}) => api.call<string>('GET', url, { headers });

/** What is stored once everything received has been recorded; on a busy machine by way of the spool. */
async function recorded(): Promise<Row[]> {
  await api.app.get(TrackingReceiver).settle();
  await spoolDrained();
  const { rows } = await api.database.owner.query<Row>(
    `SELECT l.*, e.title AS episode, p.value AS path, u.value AS agent, r.value AS referrer,
            evidence_level(l.event_type, l.trusted_sender, l.bytes_sent) AS evidence
     FROM listener_events l
     LEFT JOIN episodes e ON e.tenant_id = l.tenant_id AND e.id = l.episode_id
     LEFT JOIN paths p ON p.tenant_id = l.tenant_id AND p.id = l.path_id
     LEFT JOIN user_agents u ON u.tenant_id = l.tenant_id AND u.id = l.user_agent_id
     LEFT JOIN referrers r ON r.tenant_id = l.tenant_id AND r.id = l.referrer_id
     ORDER BY e.title, p.value, l.segment`,
  );
  return rows;
}

/** Sends a request line byte for byte and returns the answer's head. */
async function raw(requestLine: string, ...headers: string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const lines = [requestLine, 'Host: podcasts.example', 'Connection: close', ...headers, '', ''];
  socket.write(lines.join('\r\n'), 'latin1');
  socket.setEncoding('latin1');
  return text(socket);
}
const statusOf = (answer: string) => Number(answer.split(' ')[1]);
const locationOf = (answer: string) => /^location: (.*)\r$/m.exec(answer)?.[1];

describe('a listener', () => {
  test('is sent on to the file, by an answer that nothing keeps', async () => {
    const answer = await get(to('https://cdn.example/show/1.mp3?sig=a%2Fb'), {
      origin: 'https://player.example',
    });
    expect(answer.status).toBe(302);
    expect(answer.headers).toMatchObject({
      location: 'https://cdn.example/show/1.mp3?sig=a%2Fb',
      'cache-control': 'no-store',
      'access-control-allow-origin': '*',
    });
    expect(answer.headers).not.toHaveProperty('access-control-allow-credentials');
    expect(answer.headers).not.toHaveProperty('referrer-policy');
    expect(answer.headers).not.toHaveProperty('set-cookie');
    expect(answer.body).toBe('');
  });

  test('may ask by HEAD, which is recorded as such', async () => {
    const answer = await api.call('HEAD', to('cdn.example/show/1.mp3'));
    expect([answer.status, answer.headers['location']]).toEqual([302, 'https://cdn.example/show/1.mp3']);
    expect(await recorded()).toMatchObject([{ method: 'HEAD', episode: 'one' }]);
  });

  test('whose player asks first whether it may is let through, from any page', async () => {
    const answer = await api.call('OPTIONS', to('cdn.example/show/1.mp3'), {
      headers: {
        origin: 'https://player.example',
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'range,x-playback-session-id',
      },
    });
    expect(answer.status).toBe(204);
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET, HEAD',
      'access-control-allow-headers': 'range,x-playback-session-id',
    });
    expect(answer.headers).not.toHaveProperty('access-control-allow-credentials');
    expect(await recorded()).toEqual([]);
    const elsewhere = await api.call('GET', '/v1/tenant', { headers: { origin: 'https://player.example' } });
    expect(elsewhere.headers).not.toHaveProperty('access-control-allow-origin');
  });

  test.each([
    ['cdn.example/100%.mp3?a=%zz&b=%', 'https://cdn.example/100%.mp3?a=%zz&b=%'],
    ['https:/cdn.example//show//1.mp3', 'https://cdn.example//show//1.mp3'],
    ['cdn.example/a/../b/./c%2F%2e.mp3', 'https://cdn.example/a/../b/./c%2F%2e.mp3'],
    ['cdn.example/%C3%A9;v=1,2|^"<>{}`[].mp3', 'https://cdn.example/%C3%A9;v=1,2|^"<>{}`[].mp3'],
    ['cdn.example/1.mp3?', 'https://cdn.example/1.mp3?'],
    [
      'op3.dev/e/cdn.example/1.mp3?u=https://x.example/?y',
      'https://op3.dev/e/cdn.example/1.mp3?u=https://x.example/?y',
    ],
    [`cdn.example/${'x'.repeat(4_000)}`, `https://cdn.example/${'x'.repeat(4_000)}`],
  ])('gets the address byte for byte: %s', async (destination, location) => {
    expect(locationOf(await raw(`GET ${to(destination)} HTTP/1.1`))).toBe(location);
  });

  test('is not sent anywhere else, and what is refused is not recorded', async () => {
    const targets = [
      to('https://evil.example/1.mp3'),
      to('/evil.example/1.mp3'),
      to('//evil.example/1.mp3'),
      to('/\\evil.example/1.mp3'),
      to('\\\\evil.example/1.mp3'),
      to('%2f%2fevil.example/1.mp3'),
      to('javascript:alert(1)'),
      to('https://cdn.example@evil.example/1.mp3'),
      to('https://cdn.example\\@evil.example/1.mp3'),
      to('https://cdn.example:8080/1.mp3'),
      to('https://caf%C3%A9.example/1.mp3'),
      to('op3.dev/e/evil.example/cdn.example/1.mp3'),
      to('track.example/r/x/cdn.example/1.mp3'),
      to('podcasts.example/r/x/cdn.example/1.mp3'),
      to(`cdn.example/${'x'.repeat(8_192)}`),
      to(''),
      '/r/',
      '/r/none/cdn.example/1.mp3',
      `//r/${show.handle}/cdn.example/1.mp3`,
      `http://podcasts.example${to('cdn.example/1.mp3')}`,
      `/r/${show.handle.toUpperCase()}x/cdn.example/1.mp3`,
    ];
    for (const target of targets) {
      const answer = await raw(`GET ${target} HTTP/1.1`);
      expect([target, statusOf(answer), locationOf(answer)]).toEqual([target, 404, undefined]);
    }
    expect(await recorded()).toEqual([]);
  });

  test.each(['\r\nX-Injected: 1', '\nX-Injected: 1', '\0', '\x7f', '\xc3\xa9', ' x'])(
    'whose request line is none gets no answer with it: %j',
    async (poison) => {
      const answer = await raw(`GET ${to(`cdn.example/1.mp3${poison}`)} HTTP/1.1`);
      expect(answer).not.toMatch(/^x-injected/im);
      expect(statusOf(answer)).toBeLessThan(500);
    },
  );

  test('cannot change anything by another method', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
      expect((await api.call(method, to('cdn.example/show/1.mp3'))).status).toBe(404);
    }
    expect(await recorded()).toEqual([]);
  });
});

describe('a request', () => {
  test('is recorded with everything it says, and nothing it must not', async () => {
    const before = new Date();
    const forwarded = '203.0.113.77';
    await get(to('op3.dev/e/cdn.example/show/1.mp3?secret=s3cr3t'), {
      'x-forwarded-for': forwarded,
      'user-agent': 'WalkRadio/0.9 (canary)',
      referer: 'https://example.org/page?user=1',
      range: 'bytes=0-1',
      'x-playback-session-id': 'C0FFEE',
    });
    const rows = await recorded();
    expect(rows).toMatchObject([
      {
        tenant_id: a.tenantId,
        event_type: 'download_request',
        episode: 'one',
        path: null,
        agent: 'WalkRadio/0.9 (canary)',
        referrer: 'https://example.org/page',
        method: 'GET',
        byte_range: 'bytes=0-1',
        session_id: 'C0FFEE',
        segment: null,
        status: null,
        bytes_sent: null,
        trusted_sender: false,
        evidence: 'prefix_only',
      },
    ]);
    const at = rows[0]?.occurred_at.getTime() ?? 0;
    expect(at).toBeGreaterThanOrEqual(before.getTime());
    expect(at).toBeLessThanOrEqual(Date.now());
    expect(JSON.stringify(rows)).not.toMatch(/203\.0\.113|s3cr3t/);
    const marks = await api.database.owner.query("SELECT FROM dirty_buckets WHERE kind = 'slice'");
    expect(marks.rowCount).toBeGreaterThan(0);
  });

  test('has the ids that the same listener has in a batch of events', async () => {
    const listener = { 'x-forwarded-for': '203.0.113.5', 'user-agent': 'WalkRadio/0.9' };
    await get(to('cdn.example/show/1.mp3'), { ...listener, 'x-playback-session-id': '1' });
    await get(to('cdn.example/show/1.mp3'), {
      ...listener,
      'x-forwarded-for': '203.0.113.6',
      'x-playback-session-id': '2',
    });
    const [{ id: episodeId } = { id: '' }] = (
      await api.database.owner.query<{ id: string }>("SELECT id FROM episodes WHERE title = 'one'")
    ).rows;
    const event = {
      id: randomUUID(),
      type: 'download_request',
      occurredAt: new Date().toISOString(),
      episodeId,
    };
    const events = [{ ...event, sessionId: '3', request: { method: 'GET' } }];
    await api.call('POST', '/v1/events/batch', { key: a.key, body: { events }, headers: listener });
    const rows = (await recorded()).sort((x, y) => Number(x.session_id) - Number(y.session_id));
    const ids = rows.map((row) =>
      ['count_id_today', 'count_id_yesterday', 'address_day_id', 'audience_a', 'audience_b'].map(
        (id) => row[id],
      ),
    );
    expect(ids[0]?.every((id) => typeof id === 'string')).toBe(true);
    expect(ids[2]).toEqual(ids[0]);
    expect(ids[1]?.every((id, n) => id !== ids[0]?.[n])).toBe(true);
  });

  test('for no episode’s file is recorded with its path', async () => {
    await get(to('cdn.example/show/cover.jpg?x=1'));
    await get(to('cdn.example/show/%C3%A9.mp3'));
    expect(await recorded()).toMatchObject([
      { episode: 'accented', path: null },
      { episode: null, path: 'cdn.example/show/cover.jpg' },
    ]);
  });

  test('for the file of an episode that is not known yet is counted once it is', async () => {
    const fresh = await createShow(b.key, { first: 'https://cdn.example/fresh/1.mp3' });
    await get(to('cdn.example/fresh/2.mp3', fresh), { 'x-forwarded-for': '203.0.113.9' });
    expect(await recorded()).toMatchObject([{ episode: null, path: 'cdn.example/fresh/2.mp3' }]);
    const body = { title: 'second', enclosureUrl: 'https://cdn.example/fresh/2.mp3' };
    await api.call('POST', `/v1/podcasts/${fresh.podcastId}/episodes`, { key: b.key, body });
    const ingestion = await api.app.get(LazyModuleLoader).load(() => IngestionModule);
    await ingestion.get(LocateRequests).run();
    await ingestion.get(CountDownloads).run();
    expect(await recorded()).toMatchObject([{ episode: 'second', path: 'cdn.example/fresh/2.mp3' }]);
    const { rows } = await api.database.owner.query(
      `SELECT d.evidence FROM downloads d JOIN episodes e USING (tenant_id) WHERE e.id = d.episode_id AND title = 'second'`,
    );
    expect(rows).toEqual([{ evidence: 'prefix_only' }]);
  });

  test('for a part of a stream belongs to its episode', async () => {
    await get(to('hls.example/show/2/master.m3u8'));
    await get(to('hls.example/show/2/96k/seg00017.ts'));
    await get(to('hls.example/show/3/seg00017.ts'));
    expect(await recorded()).toMatchObject([
      { episode: 'stream', segment: -1, segment_ms: null },
      { episode: 'stream', segment: 17, segment_ms: 6_000 },
      { episode: null, segment: null, path: 'hls.example/show/3/seg00017.ts' },
    ]);
  });

  test('may be as odd as requests are', async () => {
    const odd = {
      'user-agent': `\x7f${'ü'.repeat(3_000)}`,
      referer: 'not an address',
      range: `bytes=${'0-1,'.repeat(500)}`,
    };
    const answer = await raw(
      `GET ${to('cdn.example/show/1.mp3')} HTTP/1.1`,
      `User-Agent: ${'\xfc'.repeat(3_000)}`,
      `Referer: ${odd.referer}`,
      `Range: ${odd.range}`,
      `X-Playback-Session-Id: ${'s'.repeat(500)}`,
    );
    expect(statusOf(answer)).toBe(302);
    const [row] = await recorded();
    expect(row).toMatchObject({
      agent: '\xfc'.repeat(512),
      referrer: 'malformed:',
      session_id: 's'.repeat(64),
    });
    expect(row?.byte_range).toHaveLength(256);
  });

  test('is recorded once, among thousands at a time', async () => {
    const sessions = Array.from({ length: 2_000 }, (_, n) => `s-${n}`);
    const answers = await Promise.all(
      sessions.map((session) => get(to('cdn.example/show/1.mp3'), { 'x-playback-session-id': session })),
    );
    expect(answers.every(({ status }) => status === 302)).toBe(true);
    const found = await stored(sessions.length);
    expect(found.map((row) => row.session_id).sort()).toEqual([...sessions].sort());
  });
});

describe('what counts as a download', () => {
  test('is a listener’s request for an episode’s file, once a day, and nothing else', async () => {
    const jobs = await api.app.get(LazyModuleLoader).load(() => IngestionModule);
    const listener = { 'user-agent': 'AntennaPod/3.4.0', 'x-forwarded-for': '203.0.113.200' };
    const file = to('cdn.example/show/1.mp3');
    await api.call('HEAD', file, { headers: { ...listener, 'x-forwarded-for': '203.0.113.201' } });
    await get(file, { ...listener, 'x-forwarded-for': '203.0.113.202', range: 'bytes=0-1' });
    await get(file, { ...listener, 'x-forwarded-for': '203.0.113.203', 'user-agent': 'AhrefsBot/7.0' });
    await get(to('cdn.example/show/cover.jpg'), { ...listener, 'x-forwarded-for': '203.0.113.204' });
    await get(to('hls.example/show/2/master.m3u8'), { ...listener, 'x-forwarded-for': '203.0.113.205' });
    await get(file, listener);
    await get(file, { ...listener, range: 'bytes=100000-' });
    expect(await recorded()).toHaveLength(7);
    expect(await jobs.get(CountDownloads).run()).toMatchObject({ failed: 0 });
    const { rows } = await api.database.owner.query(
      `SELECT e.title, d.evidence FROM downloads d JOIN episodes e ON e.id = d.episode_id WHERE d.tenant_id = $1`,
      [a.tenantId],
    );
    expect(rows).toEqual([{ title: 'one', evidence: 'prefix_only' }]);
  });
});

/** Waits until so many are stored: what the database did not take at once comes by the spool. */
async function stored(wanted: number): Promise<Row[]> {
  for (let rows = await recorded(), deadline = Date.now() + 20_000; ; rows = await recorded()) {
    if (rows.length >= wanted || Date.now() > deadline) return rows;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

describe('what was changed a moment ago', () => {
  test('a new podcast’s prefix works at once', async () => {
    const fresh = await createShow(b.key, { first: 'https://first.example/1.mp3' });
    expect((await get(to('first.example/1.mp3', fresh))).status).toBe(302);
    expect(await recorded()).toMatchObject([{ episode: 'first' }]);
  });

  test('every handle that a podcast ever had leads to it', async () => {
    const handle = `word-${randomUUID().slice(0, 8)}`;
    const path = `/v1/podcasts/${show.podcastId}/prefix`;
    expect((await api.call('PUT', path, { key: a.key, body: { handle } })).status).toBe(200);
    for (const known of [handle, show.handle]) {
      expect((await get(to('cdn.example/show/1.mp3', { ...show, handle: known }))).status).toBe(302);
    }
  });

  test('one tenant’s handle does not lead to another’s hosts', async () => {
    const other = await createShow(b.key, { theirs: 'https://theirs.example/1.mp3' });
    expect((await get(to('theirs.example/1.mp3', other))).status).toBe(302);
    expect((await get(to('cdn.example/show/1.mp3', other))).status).toBe(404);
    expect((await get(to('theirs.example/1.mp3'))).status).toBe(404);
    expect(await recorded()).toMatchObject([{ tenant_id: b.tenantId, episode: 'theirs' }]);
  });

  test('nor, within a tenant, one podcast’s handle to another’s', async () => {
    const other = await createShow(a.key, { second: 'https://second.example/1.mp3' });
    expect((await get(to('cdn.example/show/1.mp3', other))).status).toBe(404);
  });

  test('listeners of a suspended tenant are sent on, and not recorded', async () => {
    const c = await api.createTenant('C');
    const theirs = await createShow(c.key, { theirs: 'https://c.example/1.mp3' });
    const change = { key: api.platformKey, body: { status: 'suspended' } };
    expect((await api.call('PATCH', `/v1/admin/tenants/${c.tenantId}`, change)).status).toBe(200);
    expect((await get(to('c.example/1.mp3', theirs))).status).toBe(302);
    expect(await recorded()).toEqual([]);
  });
});
