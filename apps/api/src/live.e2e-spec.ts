import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { MetricsModule, RefreshAggregates } from '@lib/metrics';
import { createLogger } from '@lib/observability';
import { createTestNetwork, startTestApi, untilWithin, type TestApi, type TestNetwork } from '@lib/testing';
import { LazyModuleLoader } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { register } from 'prom-client';
import { createApi } from './create-api.js';

const until = untilWithin(10_000);
/** Long enough for a look at the numbers that finds something. */
const LOOK_MS = 1_200;

interface Snapshot {
  asOf: string;
  timeZone: string;
  from: string;
  to: string;
  podcasts: { podcastId: string; totals: { metric: string; evidence: string; value: number }[] }[];
}
interface Received {
  id: string;
  data: Snapshot;
}

let api: TestApi;
/** Another process, as far as the numbers are concerned. */
let copy: NestFastifyApplication;
let origins: string[];
let refresh: RefreshAggregates;
let network: TestNetwork;
const open: OpenStream[] = [];

beforeAll(async () => {
  api = await startTestApi(createApi, { LIVE_HEARTBEAT_MS: '200', LIVE_STREAMS_PER_TENANT: '2' });
  register.clear(); // two processes would have one each
  copy = await createApi(api.settings, createLogger('silent'));
  for (const app of [api.app, copy]) await app.listen(0, '127.0.0.1');
  origins = await Promise.all([api.app.getUrl(), copy.getUrl()]);
  refresh = (await api.app.get(LazyModuleLoader).load(() => MetricsModule)).get(RefreshAggregates);
});
afterAll(async () => {
  await copy.close();
  await api.close();
});
beforeEach(async () => {
  network = await createTestNetwork(api);
});
afterEach(() => {
  for (const stream of open.splice(0)) stream.leave();
});

/** A client that reads a stream as it comes. */
class OpenStream {
  readonly events: Received[] = [];
  text = '';
  hasEnded = false;

  private constructor(
    readonly response: Response,
    private readonly abort: AbortController,
  ) {}

  static async open(
    origin: string,
    { key = network.key, headers = {}, query = '' }: { key?: string; headers?: object; query?: string } = {},
  ): Promise<OpenStream> {
    const abort = new AbortController();
    const response = await fetch(`${origin}/v1/metrics/live${query}`, {
      headers: { authorization: `Bearer ${key}`, ...headers },
      signal: abort.signal,
    });
    const stream = new OpenStream(response, abort);
    open.push(stream);
    if (response.status === 200) void stream.read();
    return stream;
  }

  /** The value of plays of a podcast in the newest event. */
  plays(podcastId: string): number | undefined {
    const podcast = this.events.at(-1)?.data.podcasts.find((one) => one.podcastId === podcastId);
    return podcast?.totals.find(({ metric }) => metric === 'play')?.value;
  }

  leave(): void {
    this.abort.abort();
  }

  private async read(): Promise<void> {
    try {
      for await (const bytes of this.response.body!.pipeThrough(new TextDecoderStream())) {
        this.text += bytes;
        const blocks = this.text.split('\n\n').filter((block) => block.includes('data: '));
        this.events.splice(0, Infinity, ...blocks.map(parseEvent));
      }
    } catch {
      // The client left.
    }
    this.hasEnded = true;
  }
}

function parseEvent(block: string): Received {
  const field = (name: string) =>
    block
      .split('\n')
      .find((line) => line.startsWith(`${name}: `))!
      .slice(name.length + 2);
  expect(field('event')).toBe('totals');
  return { id: field('id'), data: JSON.parse(field('data')) as Snapshot };
}

async function play(of: TestNetwork = network): Promise<void> {
  const event = {
    id: randomUUID(),
    type: 'play',
    occurredAt: new Date().toISOString(),
    episodeId: of.episodeId,
  };
  const answer = await api.call('POST', '/v1/events/batch', { key: of.key, body: { events: [event] } });
  expect(answer.status).toBe(200);
  while ((await refresh.run()).days > 0);
}

describe('a stream', () => {
  test('begins with the totals of the running day, and follows events that came in elsewhere', async () => {
    await api.call('PATCH', '/v1/tenant', { key: network.key, body: { timeZone: 'Asia/Kolkata' } });
    await play();
    const streams = await Promise.all(origins.map((origin) => OpenStream.open(origin)));
    for (const { response } of streams)
      expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    await until('both have begun', () => streams.every((stream) => stream.plays(network.podcastId) === 1));
    const { data } = streams[0]!.events[0]!;
    expect(data).toMatchObject({ timeZone: 'Asia/Kolkata', ruleSets: [], switchingDays: [] });
    expect(data.from).toMatch(/T18:30:00.000Z$/);
    expect(Date.parse(data.to)).toBeGreaterThan(Date.now());
    await play();
    await until('both have followed', () => streams.every((stream) => stream.plays(network.podcastId) === 2));
    expect(streams[0]!.events.at(-1)!.id).toBe(streams[1]!.events.at(-1)!.id);
  });

  test('shows one podcast when asked for one, also while it has nothing', async () => {
    await play();
    const other = await api.call<{ id: string }>('POST', '/v1/podcasts', {
      key: network.key,
      body: { title: 'B' },
    });
    const stream = await OpenStream.open(origins[0]!, { query: `?podcastId=${other.body.id}` });
    await until('it has begun', () => stream.events.length > 0);
    expect(stream.events[0]!.data.podcasts).toEqual([{ podcastId: other.body.id, totals: [] }]);
    const unknown = await OpenStream.open(origins[0]!, { query: `?podcastId=${randomUUID()}` });
    expect(unknown.response.status).toBe(404);
  });

  test('repeats nothing to a client that has it, and tells at once what it missed', async () => {
    await play();
    const first = await OpenStream.open(origins[0]!);
    await until('it has begun', () => first.events.length > 0);
    const { id } = first.events[0]!;
    first.leave();
    const resumed = await OpenStream.open(origins[1]!, { headers: { 'last-event-id': id } });
    await sleep(LOOK_MS);
    expect(resumed.events).toEqual([]);
    await play();
    await until('it goes on', () => resumed.plays(network.podcastId) === 2);
    resumed.leave();
    const late = await OpenStream.open(origins[1]!, { headers: { 'last-event-id': id } });
    await until('it has caught up', () => late.plays(network.podcastId) === 2);
  });

  test('never shows what another tenant has', async () => {
    const stranger = await createTestNetwork(api);
    const streams = [
      await OpenStream.open(origins[0]!, { key: stranger.key }),
      await OpenStream.open(origins[0]!),
    ];
    const [others, own] = streams as [OpenStream, OpenStream];
    await until('both have begun', () => streams.every(({ events }) => events.length > 0));
    await play(stranger);
    await until('the other tenant sees it', () => others.plays(stranger.podcastId) === 1);
    await sleep(LOOK_MS);
    await play();
    await until('its own event is there', () => own.plays(network.podcastId) === 1);
    expect(own.text).not.toContain(stranger.podcastId);
    expect(own.events).toHaveLength(2);
    expect(others.text).not.toContain(network.podcastId);
  });

  test('shows signs of life, and ends when its key is revoked', async () => {
    const made = await api.call<{ keyId: string; credential: string }>('POST', '/v1/keys', {
      key: network.key,
      body: { name: 'reader', scopes: ['read'] },
    });
    const stream = await OpenStream.open(origins[0]!, { key: made.body.credential });
    await until('it lives', () => stream.text.split('\n').filter((line) => line === ':').length > 1);
    await api.call('DELETE', `/v1/keys/${made.body.keyId}`, { key: network.key });
    await until('it has ended', () => stream.hasEnded);
  });
});

test('a tenant has so many streams and no more, until one is closed', async () => {
  const [first, second] = [await OpenStream.open(origins[0]!), await OpenStream.open(origins[0]!)];
  expect([first, second].map(({ response }) => response.status)).toEqual([200, 200]);
  const third = await OpenStream.open(origins[0]!);
  expect(third.response.status).toBe(429);
  expect(Number(third.response.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await third.response.json()).toMatchObject({ code: 'too_many_streams' });
  // Neither another tenant nor a request that wants no body is in anyone's way.
  const { key } = await createTestNetwork(api);
  expect((await OpenStream.open(origins[0]!, { key })).response.status).toBe(200);
  second.leave();
  await until('there is room', async () => (await OpenStream.open(origins[0]!)).response.status === 200);
});

test('a request for headers alone leaves no stream behind', async () => {
  const headers = { authorization: `Bearer ${network.key}` };
  for (let n = 0; n < 4; n += 1)
    expect((await fetch(`${origins[0]}/v1/metrics/live`, { method: 'HEAD', headers })).status).toBe(200);
});

test('only a key that may read opens one, and only from the header', async () => {
  const made = await api.call<{ credential: string }>('POST', '/v1/keys', {
    key: network.key,
    body: { name: 'player', kind: 'ingest_token', scopes: ['ingest'] },
  });
  const token = made.body.credential;
  expect((await OpenStream.open(origins[0]!, { key: token })).response.status).toBe(403);
  for (const credential of [token, network.key])
    expect([401, 403]).toContain((await fetch(`${origins[0]}/v1/metrics/live?token=${credential}`)).status);
});
