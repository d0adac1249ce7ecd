import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { CountDownloads, IngestionModule, ListsService, RecountRequests } from '@lib/ingestion';
import { startTestApi, type TestApi } from '@lib/testing';
import { LazyModuleLoader } from '@nestjs/core';
import { createApi } from './create-api.js';

interface Override extends Record<string, unknown> {
  id: string;
}
interface Page<Item> {
  items: Item[];
  next: string | null;
}
interface Unknown {
  userAgent: string;
  requests: number;
  downloads: { originBytes: number; prefixOnly: number };
  firstSeenAt: string;
  lastSeenAt: string;
  overrideId: string | null;
}
interface Shown {
  outcome: string;
  networkClass: string | null;
  agent: { kind: string; name: string | null; device: string | null; decidedBy: object | null };
}

const OVERRIDES = '/v1/agent-overrides';
const APP = 'AntennaPod/3.4.0';
const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0';
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)';
const LANTERN = 'LanternPlayer/2.1 (Windows 11)';
/** On the general list of crawlers and on no podcast list. */
const CRAWLER = 'GigablastOpenSource/1.0';
const CLOUD = '192.0.2.77';
const DAY_MS = 86_400_000;
/** Yesterday, so that every hour of the day has passed. */
const DAY = new Date(Date.now() - DAY_MS).toISOString().slice(0, 10);
const DAY_BEFORE = new Date(Date.now() - 2 * DAY_MS).toISOString().slice(0, 10);
const TODAY = new Date().toISOString().slice(0, 10);
const RULES = {
  window: 'calendar_day',
  contentSeconds: 60,
  header: 'required',
  requestsPerAddressDay: null,
  breadth: { episodes: 30, minutes: 10 },
  filteredNetworks: ['hosting', 'vpn'],
};

let api: TestApi;
let jobs: { run(): Promise<{ days: number; failed: number }> }[];
let key: string;
let sender: string;
let episodeId: string;

beforeAll(async () => {
  api = await startTestApi(createApi);
  const ingestion = await api.app.get(LazyModuleLoader).load(() => IngestionModule);
  jobs = [ingestion.get(RecountRequests), ingestion.get(CountDownloads)];
  const networks = [
    'cidr,class,asn,country',
    '192.0.2.0/26,household,64501,GB',
    '192.0.2.64/26,business,64500,SG',
    '192.0.2.128/26,business,64501,SG',
    '192.0.2.192/26,business,64500,GB',
  ].join('\n');
  await ingestion.get(ListsService).updateNetworks(Buffer.from(networks), 'networks.csv');
});
afterAll(() => api.close());

beforeEach(async () => {
  ({ key } = await api.createTenant());
  sender = await keyWith(['ingest'], true);
  const podcast = await call<{ id: string }>('POST', '/v1/podcasts', { title: 'Signal & Salt' });
  const episode = await call<{ id: string }>('POST', `/v1/podcasts/${podcast.body.id}/episodes`, {
    guid: 'one',
    title: 'One',
    mediaBytes: 10_000,
    headerBytes: 1_000,
    durationSeconds: 540,
  });
  episodeId = episode.body.id;
});

function call<Body>(method: string, path: string, body?: object, as = key) {
  return api.call<Body>(method, path, { key: as, ...(body && { body }) });
}

async function keyWith(scopes: string[], trustedSender = false): Promise<string> {
  const made = await call<{ credential: string }>('POST', '/v1/keys', { name: 'x', scopes, trustedSender });
  return made.body.credential;
}

interface Sent {
  day?: string;
  time?: string;
  ip?: string;
  userAgent?: string;
  bytes?: number;
}

async function send(requests: Sent[]): Promise<void> {
  const events = requests.map(
    ({ day = DAY, time = '12:00', ip = '192.0.2.1', userAgent = APP, bytes = 10_000 }) => ({
      id: randomUUID(),
      type: 'download_request',
      occurredAt: `${day}T${time}:00Z`,
      episodeId,
      client: { ip, userAgent },
      request: { method: 'GET', status: 200, bytes },
    }),
  );
  const answer = await call<{ accepted: number }>('POST', '/v1/events/batch', { events }, sender);
  expect(answer.body).toMatchObject({ accepted: requests.length });
}

/** Counts, and does the recounts that wait. */
async function work(): Promise<void> {
  for (let round = 0; round < 5; round += 1)
    for (const job of jobs) expect(await job.run()).toMatchObject({ failed: 0 });
}

async function state(override: object): Promise<Override> {
  const answer = await call<Override>('POST', OVERRIDES, { reason: 'Looked at.', ...override });
  expect([answer.status, answer.body]).toMatchObject([201, override]);
  return answer.body;
}

/** Puts a new rule set, with the overrides that stand, in the place of the one that the days were counted under. */
async function putInForce(overrides?: string[]): Promise<void> {
  const version = { version: randomUUID(), validFrom: DAY_BEFORE, rules: RULES };
  const ruleSet = await call<{ id: string }>('POST', '/v1/rule-sets', {
    ...version,
    ...(overrides && { agentOverrides: overrides }),
  });
  expect(ruleSet.status).toBe(201);
  const days = { firstDay: DAY_BEFORE, lastDay: DAY };
  const job = await call<{ id: string }>('POST', '/v1/recounts', { ruleSetId: ruleSet.body.id, ...days });
  await work();
  expect((await call('POST', `/v1/recounts/${job.body.id}/apply`)).status).toBe(200);
}

/** What became of requests: the examples that explain shows. */
async function shown(): Promise<Shown[]> {
  const path = `/v1/metrics/explain?from=${DAY_BEFORE}&to=${TODAY}`;
  const { body } = await call<{ funnels: { steps: { outcome: string; examples: Shown[] }[] }[] }>(
    'GET',
    path,
  );
  return body.funnels.flatMap(({ steps }) =>
    steps.flatMap(({ outcome, examples }) => examples.map((example) => ({ ...example, outcome }))),
  );
}

describe('an override with a pattern alone', () => {
  test('names an agent that no list knows, once a rule set takes it and a recount is applied', async () => {
    await send([{ userAgent: LANTERN }]);
    await work();
    const { id } = await state({ kind: 'app', name: 'Lantern Player', pattern: '^LanternPlayer/' });
    await send([{ userAgent: LANTERN, ip: '192.0.2.9', time: '13:00' }]);
    await work();
    const before = await shown();
    expect(before.map(({ outcome, agent }) => [outcome, agent.kind, agent.decidedBy])).toEqual([
      ['counted', 'unknown', null],
      ['counted', 'unknown', null],
    ]);
    await putInForce();
    for (const { outcome, agent } of await shown())
      expect([outcome, agent]).toEqual([
        'counted',
        {
          kind: 'app',
          name: 'Lantern Player',
          device: 'Windows Computer',
          deviceCategory: 'computer',
          decidedBy: { list: 'overrides', entry: 'Lantern Player', id },
        },
      ]);
  });

  test('lets an agent count that only the general list calls a bot', async () => {
    await send([{ userAgent: CRAWLER }]);
    await state({ kind: 'library', name: 'Our reader', pattern: 'Gigablast' });
    await work();
    expect(await shown()).toMatchObject([
      { outcome: 'counted', agent: { kind: 'library', name: 'Our reader' } },
    ]);
  });

  test('calls an unknown agent a bot, and says nothing about one that the podcast lists know', async () => {
    await state({ kind: 'bot', name: 'Everything', pattern: 'Player|AntennaPod' });
    await send([{ userAgent: LANTERN }, { userAgent: APP, time: '13:00' }]);
    await work();
    expect(await shown()).toMatchObject([
      { outcome: 'bot_agent', agent: { name: 'Everything', decidedBy: { list: 'overrides' } } },
      { outcome: 'counted', agent: { name: 'AntennaPod', decidedBy: { list: 'apps' } } },
    ]);
  });

  test.each([
    ['Harbour%20FM/12 CFNetwork/3826.600.41 Darwin/24.6.0', 'app', 'Other app on an Apple device'],
    ['HarbourFM/3.1 (Android 15; SM-A556B)', 'app', 'Other app on an Android device'],
    ['HarbourFM/1.0 (Linux;Android 15) ExoPlayerLib/2.19.1', 'library', 'ExoPlayer'],
    [`${IPHONE} Mobile/15E148 HarbourFM/2`, 'browser', 'iOS WebView'],
    ['HarbourFMbot/0.2 (+https://harbour.example)', 'bot_agent', 'Self-declared robot'],
  ])('names what a catch-all of the lists takes: %s', async (userAgent, kind, entry) => {
    await send([{ userAgent }]);
    await work();
    expect((await shown())[0]?.agent).toMatchObject({
      kind,
      name: entry,
      decidedBy: { entry, catchAll: true },
    });
    const { id } = await state({ kind: 'app', name: 'Harbour FM', pattern: '^Harbour|HarbourFM/' });
    await putInForce();
    expect(await shown()).toMatchObject([
      {
        outcome: 'counted',
        agent: {
          kind: 'app',
          name: 'Harbour FM',
          decidedBy: { list: 'overrides', entry: 'Harbour FM', id },
        },
      },
    ]);
  });

  test('that was removed is counted by where a rule set names it, and only there', async () => {
    await send([{ userAgent: LANTERN }]);
    const { id } = await state({ kind: 'app', name: 'Lantern Player', pattern: 'Lantern' });
    await work();
    expect((await call('DELETE', `${OVERRIDES}/${id}`)).status).toBe(204);
    expect((await shown())[0]?.agent.kind).toBe('app');
    await putInForce();
    expect((await shown())[0]?.agent.kind).toBe('unknown');
    await putInForce([id]);
    expect((await shown())[0]?.agent.kind).toBe('app');
  });
});

describe('a filter', () => {
  test('by network, country, kind of agent and date takes what meets all of it', async () => {
    const { id } = await state({
      kind: 'bot',
      name: 'Transcribers in the cloud',
      asn: 64500,
      country: 'SG',
      agentKind: 'browser',
      from: DAY,
    });
    await send([
      { userAgent: BROWSER, ip: CLOUD, day: DAY_BEFORE, time: '23:59' },
      { userAgent: BROWSER, ip: CLOUD, time: '00:00' },
      { userAgent: BROWSER, ip: '192.0.2.130', time: '01:00' },
      { userAgent: BROWSER, ip: '192.0.2.200', time: '01:00' },
      { userAgent: APP, ip: CLOUD, time: '02:00' },
    ]);
    await work();
    expect((await shown()).filter(({ outcome }) => outcome !== 'counted')).toMatchObject([
      {
        outcome: 'bot_agent',
        occurredAt: `${DAY}T00:00:00.000Z`,
        agent: { decidedBy: { list: 'overrides', entry: 'Transcribers in the cloud', id } },
      },
    ]);
  });

  test('ends on the day that it names', async () => {
    await state({ kind: 'datacentre', name: 'Rented servers', asn: 64500, until: DAY });
    await send([
      { ip: CLOUD, day: DAY_BEFORE, time: '23:59' },
      { ip: CLOUD, time: '00:00' },
    ]);
    await work();
    expect((await shown()).map(({ outcome, networkClass }) => [outcome, networkClass])).toEqual([
      ['datacentre', 'hosting'],
      ['counted', 'business'],
    ]);
  });

  test('with a pattern takes only the agents that it is about', async () => {
    await state({ kind: 'bot', name: 'Old Firefox', pattern: 'Firefox/143', country: 'SG' });
    await send([
      { userAgent: BROWSER, ip: CLOUD },
      { userAgent: BROWSER.replaceAll('143', '144'), ip: CLOUD, time: '13:00' },
    ]);
    await work();
    expect((await shown()).map(({ outcome }) => outcome)).toEqual(['bot_agent', 'counted']);
  });
});

describe('an override is refused', () => {
  const app = { kind: 'app', name: 'Lantern', pattern: 'Lantern', reason: 'x' };
  test.each([
    ['override_pattern_refused', 'pattern', { pattern: '(?=Lantern)' }],
    ['override_pattern_refused', 'pattern', { pattern: '(a)\\1' }],
    ['override_pattern_refused', 'pattern', { pattern: '(' }],
    ['override_pattern_refused', 'pattern', { pattern: '(((a{30}){30}){30})' }],
    ['override_pattern_refused', 'pattern', { pattern: '.*' }],
    ['override_incoherent', 'pattern', { pattern: null }],
    ['override_incoherent', 'kind', { asn: 64500 }],
    ['override_incoherent', 'kind', { kind: 'datacentre' }],
    ['override_incoherent', 'from', { from: '2026-02-31' }],
    ['override_incoherent', 'until', { from: '2026-03-01', until: '2026-03-01' }],
    ['invalid_input', 'kind', { kind: 'person' }],
    ['invalid_input', 'name', { name: ' ' }],
    ['invalid_input', 'country', { country: 'sg' }],
    ['invalid_input', 'asn', { asn: -1 }],
    ['invalid_input', 'reason', { reason: undefined }],
    ['invalid_input', 'pattern', { pattern: 'a'.repeat(501) }],
  ])('%s (%s): %j', async (code, field, fault) => {
    const answer = await call('POST', OVERRIDES, { ...app, ...fault });
    expect([answer.status, answer.body]).toMatchObject([400, { code, field }]);
    expect((await call<Page<Override>>('GET', OVERRIDES)).body.items).toEqual([]);
  });

  test('when 200 stand', async () => {
    await api.database.owner.query(
      `INSERT INTO agent_overrides (tenant_id, id, kind, name, pattern, reason, created_by)
       SELECT (SELECT tenant_id FROM tenants ORDER BY created_at DESC LIMIT 1), gen_random_uuid(), 'app', 'x', 'x', 'x', 'x'
       FROM generate_series(1, 200)`,
    );
    expect(await call('POST', OVERRIDES, app)).toMatchObject({
      status: 409,
      body: { code: 'too_many_overrides' },
    });
  });

  test('by a rule set that names one of another tenant', async () => {
    const { id } = await state({ kind: 'app', name: 'Lantern', pattern: 'Lantern' });
    const b = await api.createTenant();
    const body = { version: '2', validFrom: DAY, rules: RULES, agentOverrides: [id] };
    const answer = await call('POST', '/v1/rule-sets', body, b.key);
    expect([answer.status, answer.body]).toMatchObject([
      400,
      { code: 'unknown_override', field: 'agentOverrides' },
    ]);
  });
});

describe('the list of overrides', () => {
  test('comes in pages, the youngest first, those that were removed only if wanted', async () => {
    const ids: string[] = [];
    for (const name of ['a', 'b', 'c']) ids.unshift((await state({ kind: 'app', name, pattern: name })).id);
    await call('DELETE', `${OVERRIDES}/${ids[1]}`);
    const read = async (query: string) =>
      (await call<Page<Override>>('GET', `${OVERRIDES}?limit=1${query}`)).body;
    const first = await read('');
    const second = await read(`&cursor=${first.next}`);
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual([ids[0], ids[2]]);
    expect(second.next).toBeNull();
    expect(first.items[0]).toEqual((await call('GET', `${OVERRIDES}/${ids[0]}`)).body);
    const all = await call<Page<Override>>('GET', `${OVERRIDES}?removed=true`);
    expect(all.body.items.map(({ id, removedAt }) => [id, removedAt === null])).toEqual([
      [ids[0], true],
      [ids[1], false],
      [ids[2], true],
    ]);
    expect(await call('GET', `${OVERRIDES}?limit=1&removed=true&cursor=${first.next}`)).toMatchObject({
      status: 400,
      body: { code: 'invalid_cursor' },
    });
  });

  test('is written with scope write, read with scope read, and belongs to its tenant', async () => {
    const [reader, writer] = [await keyWith(['read']), await keyWith(['write'])];
    const body = { kind: 'app', name: 'Lantern', pattern: 'Lantern', reason: 'x' };
    expect((await call('POST', OVERRIDES, body, reader)).status).toBe(403);
    const made = await call<Override>('POST', OVERRIDES, body, writer);
    expect(made.status).toBe(201);
    expect((await call('DELETE', `${OVERRIDES}/${made.body.id}`, undefined, reader)).status).toBe(403);
    expect((await call('GET', OVERRIDES, undefined, reader)).status).toBe(200);
    const b = await api.createTenant();
    for (const method of ['GET', 'DELETE'])
      expect(await call(method, `${OVERRIDES}/${made.body.id}`, undefined, b.key)).toMatchObject({
        status: 404,
        body: { code: 'agent_override_not_found' },
      });
    expect((await call<Page<Override>>('GET', OVERRIDES, undefined, b.key)).body.items).toEqual([]);
  });
});

describe('the queue of unknown agents', () => {
  const queue = async (query = '', as = key) =>
    (
      await call<Page<Unknown> & { ruleSet: { version: string } | null }>(
        'GET',
        `/v1/unknown-agents?from=${DAY_BEFORE}&to=${TODAY}${query}`,
        undefined,
        as,
      )
    ).body;

  test('shows agents that nobody knows with their volume, those with most requests first', async () => {
    await send([
      { userAgent: LANTERN, time: '08:00' },
      { userAgent: LANTERN, ip: '192.0.2.8', time: '12:00' },
      { userAgent: LANTERN, ip: '192.0.2.9', time: '09:00', bytes: 10 },
      { userAgent: 'Kite/1', time: '10:00' },
      { userAgent: 'Moth/1', time: '10:00', day: DAY_BEFORE },
      { userAgent: 'Moth/1', time: '10:00' },
      { userAgent: APP },
      { userAgent: CRAWLER },
    ]);
    await work();
    const { items, next, ruleSet } = await queue();
    expect([ruleSet, next]).toMatchObject([{ version: '1.0.0' }, null]);
    expect(items).toEqual([
      {
        userAgent: LANTERN,
        requests: 3,
        downloads: { originBytes: 2, prefixOnly: 0 },
        firstSeenAt: `${DAY}T08:00:00.000Z`,
        lastSeenAt: `${DAY}T12:00:00.000Z`,
        overrideId: null,
      },
      expect.objectContaining({
        userAgent: 'Moth/1',
        requests: 2,
        firstSeenAt: `${DAY_BEFORE}T10:00:00.000Z`,
      }),
      expect.objectContaining({
        userAgent: 'Kite/1',
        requests: 1,
        downloads: { originBytes: 1, prefixOnly: 0 },
      }),
    ]);
  });

  test('comes in pages, without the agents that are known between them', async () => {
    const agents = ['Kite/1', 'Moth/1', 'Gull/1', 'Wren/1'];
    await send([
      ...agents.map((userAgent) => ({ userAgent })),
      ...[1, 2, 3].map((n) => ({ ip: `192.0.2.${n}` })),
    ]);
    await work();
    const seen: string[] = [];
    let next: string | null = '';
    for (let cursor = ''; next !== null; cursor = `&cursor=${next}`) {
      const page: Page<Unknown> = await queue(`&limit=3${cursor}`);
      seen.push(...page.items.map(({ userAgent }) => userAgent));
      next = page.next;
    }
    expect([...seen].sort()).toEqual([...agents].sort());
  });

  test('says which agent an override waits for, and forgets it once a rule set names it', async () => {
    await send([{ userAgent: LANTERN }, { userAgent: 'Kite/1' }]);
    await work();
    const { id } = await state({ kind: 'app', name: 'Lantern Player', pattern: 'Lantern' });
    expect((await queue()).items.map(({ userAgent, overrideId }) => [userAgent, overrideId]).sort()).toEqual([
      ['Kite/1', null],
      [LANTERN, id],
    ]);
    await call('POST', '/v1/rule-sets', { version: '2', validFrom: DAY, rules: RULES });
    expect((await queue()).items.map(({ userAgent }) => userAgent)).toEqual(['Kite/1']);
  });

  test('is empty before anything is counted, closed to writers, and of its tenant alone', async () => {
    await send([{ userAgent: LANTERN }]);
    expect(await queue()).toEqual({ ruleSet: null, items: [], next: null });
    await work();
    expect((await queue()).items).toHaveLength(1);
    expect((await queue('', (await api.createTenant()).key)).items).toEqual([]);
    expect(await queue('', await keyWith(['ingest']))).toMatchObject({ status: 403 });
  });

  test.each([
    ['from=2026-03-02&to=2026-03-01', 'to'],
    ['from=2026-03-01&to=2026-06-01', 'to'],
    ['from=2026-02-31&to=2026-03-01', 'from'],
  ])('is refused for %s', async (query, field) => {
    const answer = await call('GET', `/v1/unknown-agents?${query}`);
    expect([answer.status, answer.body]).toMatchObject([400, { code: 'invalid_range', field }]);
  });
});
