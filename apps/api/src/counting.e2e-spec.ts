import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { CountDownloads, DetectInvalidTraffic, IngestionModule, RecountRequests } from '@lib/ingestion';
import { MetricsModule, RefreshAggregates, RefreshAudience } from '@lib/metrics';
import { startTestApi, type TestApi } from '@lib/testing';
import { LazyModuleLoader } from '@nestjs/core';
import { createApi } from './create-api.js';

let api: TestApi;
let detect: DetectInvalidTraffic;
let audience: RefreshAudience;
let jobs: { run(): Promise<{ days: number; failed: number }> }[];
let tenant: { tenantId: string; key: string };
let sender: string;
let podcastId: string;
let episodeId: string;

const APP = 'AntennaPod/3.4.0';
const BOT = 'AhrefsBot/7.0';
const FILE_BYTES = 10_000;
/** Yesterday, so that every hour of the day has passed. */
const DAY = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
const NEXT_DAY = new Date().toISOString().slice(0, 10);
const RULES = {
  window: 'calendar_day',
  contentSeconds: 60,
  header: 'required',
  requestsPerAddressDay: null,
  breadth: { episodes: 30, minutes: 10 },
  filteredNetworks: ['hosting', 'vpn'],
};

beforeAll(async () => {
  api = await startTestApi(createApi);
  const load = api.app.get(LazyModuleLoader);
  const [ingestion, metrics] = [await load.load(() => IngestionModule), await load.load(() => MetricsModule)];
  detect = ingestion.get(DetectInvalidTraffic);
  audience = metrics.get(RefreshAudience);
  jobs = [ingestion.get(RecountRequests), ingestion.get(CountDownloads), metrics.get(RefreshAggregates)];
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
  podcastId = (await call<{ id: string }>('POST', '/v1/podcasts', { title: 'Signal & Salt' })).body.id;
  const episode = await call<{ id: string }>('POST', `/v1/podcasts/${podcastId}/episodes`, {
    guid: 'one',
    title: 'One',
    mediaBytes: FILE_BYTES,
    headerBytes: 1_000,
    durationSeconds: 540,
  });
  episodeId = episode.body.id;
});

function call<Body>(method: string, path: string, body?: object, key = tenant.key) {
  return api.call<Body>(method, path, { key, ...(body && { body }) });
}

interface Sent {
  time?: string;
  /** Instead of a time of the day. */
  at?: string;
  ip?: string;
  userAgent?: string;
  bytes?: number;
  status?: number;
  method?: string;
  range?: string;
}

async function send(requests: Sent[]): Promise<void> {
  const events = requests.map(({ time = '12:00', at, ip = '192.0.2.1', userAgent = APP, ...request }) => ({
    id: randomUUID(),
    type: 'download_request',
    occurredAt: at ?? `${DAY}T${time}:00Z`,
    episodeId,
    client: { ip, userAgent },
    request: { method: 'GET', status: 200, bytes: FILE_BYTES, ...request },
  }));
  const answer = await call<{ accepted: number }>('POST', '/v1/events/batch', { events }, sender);
  expect(answer.body).toMatchObject({ accepted: requests.length });
}

/** Runs the jobs until none finds work. */
async function work(): Promise<void> {
  for (let days = 1; days > 0;) {
    const reports = [];
    for (const job of jobs) reports.push(await job.run());
    expect(reports.filter(({ failed }) => failed > 0)).toEqual([]);
    days = reports.reduce((sum, report) => sum + report.days, 0) - reports[0]!.days;
    if (reports[0]!.days > 0 && days === 0) days = (await stillQueued()) ? 1 : 0;
  }
}

async function stillQueued(): Promise<boolean> {
  const { rows } = await api.database.owner.query(`SELECT FROM recounts WHERE state = 'queued'`);
  return rows.length > 0;
}

const shownDownloads = async () => (await totals(DAY, NEXT_DAY)).downloads;

async function totals(from: string, to: string): Promise<{ downloads: number; switchingDays: string[] }> {
  interface Totals {
    switchingDays: string[];
    totals: { metric: string; evidence: string; value: number }[];
  }
  const { body } = await call<Totals>('GET', `/v1/metrics/totals?from=${from}&to=${to}&timeZone=UTC`);
  const isCore = ({ metric, evidence }: Totals['totals'][0]) =>
    metric === 'downloads' && evidence === 'origin_bytes';
  return { downloads: body.totals.find(isCore)!.value, switchingDays: body.switchingDays };
}

async function listeners(from: string, to: string): Promise<object> {
  interface Listeners {
    switchingDays: string[];
    audiences: { evidence: string; whole: { listeners: number; exact: boolean } }[];
  }
  const { body } = await call<Listeners>('GET', `/v1/metrics/audience?from=${from}&to=${to}&timeZone=UTC`);
  const whole = body.audiences.find(({ evidence }) => evidence === 'origin_bytes')!.whole;
  return { listeners: whole.listeners, exact: whole.exact, switchingDays: body.switchingDays };
}

interface Explanation {
  requests: number;
  ruleSets: { id: string; version: string; window: string }[];
  funnels: {
    evidence: string;
    requests: number;
    counted: number;
    shown: { downloads: number } | null;
    steps: { outcome: string; requests: number; examples: Record<string, unknown>[] }[];
  }[];
}

async function explain(query = ''): Promise<Explanation> {
  const answer = await call<Explanation>('GET', `/v1/metrics/explain?from=${DAY}&to=${NEXT_DAY}${query}`);
  expect(answer.status).toBe(200);
  return answer.body;
}

function outcomesOf({ funnels }: Explanation): Record<string, number> {
  const steps = funnels.find(({ evidence }) => evidence === 'origin_bytes')!.steps;
  return Object.fromEntries(
    steps.filter(({ requests }) => requests > 0).map(({ outcome, requests }) => [outcome, requests]),
  );
}

/** One of each: a whole download, its repeat, a probe, HEAD, a bot, 404, too little, and a second listener. */
const TRAFFIC: Sent[] = [
  {},
  { time: '13:00' },
  { range: 'bytes=0-1', bytes: 2, status: 206 },
  { method: 'HEAD', bytes: 0 },
  { userAgent: BOT },
  { status: 404, bytes: 100 },
  { ip: '192.0.2.7', bytes: 500 },
  { ip: '192.0.2.9' },
];

describe('a number of downloads', () => {
  test('is counted from requests, shown as a core metric with its rules, and explained to the last request', async () => {
    await send(TRAFFIC);
    await work();
    expect(await shownDownloads()).toBe(2);
    const explanation = await explain();
    expect(outcomesOf(explanation)).toEqual({
      not_get: 1,
      status: 1,
      range_probe: 1,
      bot_agent: 1,
      below_threshold: 1,
      repeat_in_window: 1,
      counted: 2,
    });
    expect(explanation).toMatchObject({
      requests: 8,
      ruleSets: [{ version: '1.0.0', window: 'calendar_day' }],
    });
    const funnel = explanation.funnels[0]!;
    expect(funnel).toMatchObject({
      evidence: 'origin_bytes',
      requests: 8,
      counted: 2,
      shown: { downloads: 2 },
    });
    const bot = funnel.steps.find(({ outcome }) => outcome === 'bot_agent')!;
    expect(bot.examples).toMatchObject([
      { userAgent: BOT, agent: { kind: 'bot_agent', decidedBy: { list: 'bots' } } },
    ]);
    expect(JSON.stringify(explanation)).not.toContain('192.0.2.');
  });

  test('changes when requests come late, and the explanation with it', async () => {
    await send([{ bytes: 1_500 }]);
    await work();
    expect(await shownDownloads()).toBe(0);
    await send([{ time: '12:05', status: 206, bytes: 8_500, range: 'bytes=1500-' }]);
    await work();
    expect(await shownDownloads()).toBe(1);
    expect(outcomesOf(await explain())).toEqual({ merged_piece: 1, counted: 1 });
  });

  test('can be explained in another window, and of one podcast or episode', async () => {
    await send(TRAFFIC);
    await work();
    const other = await explain('&window=first_touch');
    expect(other.funnels[0]).toMatchObject({ counted: 2, shown: null });
    expect(outcomesOf(await explain(`&episodeId=${episodeId}`))).toMatchObject({ counted: 2 });
    expect((await explain(`&podcastId=${randomUUID()}`)).requests).toBe(0);
  });

  test.each([
    ['from=2026-02-31&to=2026-03-02', 'from'],
    ['from=2026-03-02&to=2026-03-01', 'to'],
    ['from=2026-03-01T00:01:00Z&to=2026-03-02', 'from'],
    ['from=2026-03-01&to=2026-06-01', 'to'],
    ['from=2026-03-01T00:00&to=2026-03-02', 'from'],
  ])('is not explained for %s', async (query, field) => {
    const { status, body } = await call('GET', `/v1/metrics/explain?${query}`);
    expect([status, body]).toMatchObject([400, { code: 'invalid_range', field }]);
  });
});

describe('invalid traffic', () => {
  /** Twelve agents of one address, each of which stops at the very byte that counts. */
  const fraud: Sent[] = Array.from({ length: 12 }, (_, n) => ({
    ip: '192.0.2.140',
    userAgent: `AntennaPod/3.${n}.0`,
    time: `14:${10 + n}`,
    status: 206,
    bytes: 2_000,
    range: 'bytes=0-1999',
  }));

  interface Finding {
    id: string;
    detector: string;
    downloads: number;
    state: string;
  }
  const findings = async () => (await call<{ items: Finding[] }>('GET', '/v1/quarantines')).body.items;

  test('is found, changes nothing by itself, and is left out by a recount once it is confirmed', async () => {
    await send([...TRAFFIC, ...fraud]);
    await work();
    expect((await detect.run()).failed).toBe(0);
    const found = await findings();
    expect(found.map(({ detector, downloads, state }) => [detector, downloads, state]).sort()).toEqual([
      ['agents_per_address', 12, 'open'],
      ['exact_threshold', 12, 'open'],
    ]);
    expect(await shownDownloads()).toBe(14);
    const finding = found[0]!;
    const version = { version: '2', validFrom: '2099-01-01', rules: { ...RULES, exclusions: [finding.id] } };
    expect((await call('POST', '/v1/rule-sets', version)).body).toMatchObject({
      status: 400,
      code: 'not_confirmed',
    });
    await call('POST', `/v1/quarantines/${finding.id}/decision`, { state: 'confirmed', note: 'bots' });
    const { body: ruleSet } = await call<{ id: string }>('POST', '/v1/rule-sets', version);
    const { body: job } = await call<{ id: string }>('POST', '/v1/recounts', {
      ruleSetId: ruleSet.id,
      firstDay: DAY,
      lastDay: DAY,
    });
    await work();
    const { body } = await call<{ differences: object[] }>('GET', `/v1/recounts/${job.id}`);
    expect(body.differences).toMatchObject([
      { outcomeBefore: 'counted', outcomeAfter: 'excluded_address', requests: 12 },
    ]);
    await call('POST', `/v1/recounts/${job.id}/apply`);
    await work();
    expect(await shownDownloads()).toBe(2);
  });

  test('belongs to its tenant', async () => {
    await send(fraud);
    await work();
    await detect.run();
    const stranger = (await api.createTenant()).key;
    expect((await call('GET', '/v1/quarantines', undefined, stranger)).body).toEqual({
      items: [],
      next: null,
    });
    const path = `/v1/quarantines/${(await findings())[0]!.id}/decision`;
    expect((await call('POST', path, { state: 'confirmed' }, stranger)).status).toBe(404);
  });
});

describe('a recount under another rule set', () => {
  async function recount(rules: object, firstDay = DAY): Promise<{ id: string }> {
    const { body: ruleSet } = await call<{ id: string }>('POST', '/v1/rule-sets', {
      version: randomUUID(),
      validFrom: '2099-01-01',
      rules: { ...RULES, ...rules },
    });
    const answer = await call<{ id: string }>('POST', '/v1/recounts', {
      ruleSetId: ruleSet.id,
      firstDay,
      lastDay: DAY,
    });
    expect([answer.status, answer.body]).toMatchObject([201, { state: 'queued' }]);
    await work();
    return answer.body;
  }

  interface Detail {
    state: string;
    differences: { outcomeBefore: string; outcomeAfter: string; requests: number; podcastId: string }[];
  }
  const detail = async (id: string) => (await call<Detail>('GET', `/v1/recounts/${id}`)).body;

  test('shows a reason for every difference, and changes the number only when it is applied', async () => {
    await send(TRAFFIC);
    await work();
    const { id } = await recount({ contentSeconds: null });
    const counted = await detail(id);
    expect(counted).toMatchObject({ state: 'counted' });
    expect(counted.differences).toEqual([
      {
        day: DAY,
        podcastId,
        evidence: 'origin_bytes',
        outcomeBefore: 'below_threshold',
        outcomeAfter: 'counted',
        cause: 'rules_changed',
        requests: 1,
      },
    ]);
    expect(await shownDownloads()).toBe(2);
    expect((await call('POST', `/v1/recounts/${id}/apply`)).body).toMatchObject({ state: 'applied' });
    await work();
    expect(await shownDownloads()).toBe(3);
    expect((await explain()).ruleSets).toHaveLength(1);
    expect(outcomesOf(await explain())).toMatchObject({ counted: 3 });
    expect((await call('POST', `/v1/recounts/${id}/apply`)).status).toBe(409);
  });

  test('is forgotten when it is discarded', async () => {
    await send(TRAFFIC);
    await work();
    const { id } = await recount({ contentSeconds: null });
    expect((await call('POST', `/v1/recounts/${id}/discard`)).body).toMatchObject({ state: 'discarded' });
    await work();
    expect(await shownDownloads()).toBe(2);
    const { rows } = await api.database.owner.query(
      `SELECT count(DISTINCT rule_set_id)::integer AS sets FROM downloads WHERE tenant_id = $1`,
      [tenant.tenantId],
    );
    expect(rows).toEqual([{ sets: 1 }]);
  });

  test('counts what came in between being counted and being applied', async () => {
    await send(TRAFFIC);
    await work();
    const { id } = await recount({ contentSeconds: null });
    await send([{ ip: '192.0.2.30', bytes: 10 }]);
    await work();
    await call('POST', `/v1/recounts/${id}/apply`);
    await work();
    expect(await shownDownloads()).toBe(4);
  });

  test('under the rules that are shown brings in what became known of a file, and names it', async () => {
    await send([
      { ip: '192.0.2.40' },
      { ip: '192.0.2.41', bytes: 1_500, status: 206, range: 'bytes=0-1499' },
      { ip: '192.0.2.42', bytes: 2_500, status: 206, range: 'bytes=0-2499' },
    ]);
    await work();
    expect(await shownDownloads()).toBe(2);
    // A header of 2,000 bytes: one minute is 2,889 bytes now, and 1,000 + 1,000 before.
    const file = { headerBytes: 2_000 };
    expect((await call('PATCH', `/v1/episodes/${episodeId}`, file)).status).toBe(200);
    await work();
    expect(await shownDownloads()).toBe(2);
    const shown = (await explain()).ruleSets[0]!;
    const { body: asked } = await call<{ id: string; ruleSetId: string }>('POST', '/v1/recounts', {
      ruleSetId: shown.id,
      firstDay: DAY,
      lastDay: DAY,
    });
    expect(asked.ruleSetId).not.toBe(shown.id);
    // What waits to be counted while the recount looks is not taken for a difference.
    await send([{ ip: '192.0.2.43', time: '13:00' }]);
    await work();
    expect((await detail(asked.id)).differences).toEqual([
      {
        day: DAY,
        podcastId,
        evidence: 'origin_bytes',
        outcomeBefore: 'counted',
        outcomeAfter: 'below_threshold',
        cause: 'episode_file_changed',
        requests: 1,
      },
    ]);
    expect(await shownDownloads()).toBe(3);
    const sets = await call<{ items: { version: string; validFrom: string }[] }>('GET', '/v1/rule-sets');
    expect(sets.body.items.map(({ version, validFrom }) => [version, validFrom])).toEqual([
      [`${shown.version}+recount.1`, '9999-12-31'],
      [shown.version, '1970-01-01'],
    ]);
    await call('POST', `/v1/recounts/${asked.id}/apply`);
    await work();
    expect(await shownDownloads()).toBe(2);
    const again = await call<{ ruleSetId: string }>('POST', '/v1/recounts', {
      ruleSetId: asked.ruleSetId,
      firstDay: DAY,
      lastDay: DAY,
    });
    const versions = (await call<typeof sets.body>('GET', '/v1/rule-sets')).body.items;
    expect(versions.map(({ version }) => version)).toContain(`${shown.version}+recount.2`);
    expect(again.body.ruleSetId).not.toBe(asked.ruleSetId);
  });

  test('moves a download to the day before, where its window begins, when windows reach over midnight', async () => {
    const eve = new Date(Date.parse(DAY) - 86_400_000).toISOString().slice(0, 10);
    await send([
      { at: `${eve}T23:50:00Z`, bytes: 1_000, status: 206, range: 'bytes=0-999' },
      { at: `${DAY}T00:10:00Z`, bytes: 9_000, status: 206, range: 'bytes=1000-9999' },
    ]);
    await work();
    const { id } = await recount({ window: 'first_touch' });
    await call('POST', `/v1/recounts/${id}/apply`);
    await work();
    expect((await totals(eve, DAY)).downloads).toBe(1);
    expect((await totals(DAY, NEXT_DAY)).downloads).toBe(0);
  });

  /** The version of the numbers that answers are made of. */
  async function watermark(): Promise<number> {
    const { rows } = await api.database.owner.query<{ version: string }>(
      'SELECT version FROM aggregate_watermarks WHERE tenant_id = $1',
      [tenant.tenantId],
    );
    return Number(rows[0]?.version);
  }

  test('is applied at once: answers name the days that have not followed yet', async () => {
    const eve = new Date(Date.parse(DAY) - 86_400_000).toISOString().slice(0, 10);
    await send([...TRAFFIC, ...TRAFFIC.map((request) => ({ ...request, at: `${eve}T12:00:00Z` }))]);
    await work();
    const { id } = await recount({ contentSeconds: null }, eve);
    expect(await totals(eve, NEXT_DAY)).toMatchObject({ downloads: 4, switchingDays: [] });
    const before = await watermark();
    await call('POST', `/v1/recounts/${id}/apply`);
    expect(await watermark()).toBeGreaterThan(before);
    expect(await totals(eve, NEXT_DAY)).toMatchObject({ downloads: 4, switchingDays: [eve, DAY] });
    // As if another worker was at the second day.
    const other = await api.database.owner.connect();
    try {
      await other.query('BEGIN');
      await other.query(`SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, [
        `${tenant.tenantId}rollup${DAY}`,
      ]);
      for (const job of jobs) await job.run();
      expect(await totals(eve, NEXT_DAY)).toMatchObject({ downloads: 5, switchingDays: [DAY] });
      expect(await totals(eve, DAY)).toMatchObject({ downloads: 3, switchingDays: [] });
    } finally {
      await other.query('ROLLBACK');
      other.release();
    }
    await work();
    expect(await totals(eve, NEXT_DAY)).toMatchObject({ downloads: 6, switchingDays: [] });
    // Listeners follow at a pace of their own.
    expect(await listeners(eve, NEXT_DAY)).toMatchObject({ switchingDays: [eve, DAY] });
    await audience.run();
    expect(await listeners(eve, NEXT_DAY)).toEqual({ listeners: 3, exact: true, switchingDays: [] });
  });

  test('is not applied once raw requests of its days are gone: their rollups could not follow', async () => {
    await send(TRAFFIC);
    await work();
    const { id } = await recount({ contentSeconds: null });
    await api.database.owner.query('INSERT INTO raw_horizons (tenant_id, raw_from) VALUES ($1, now())', [
      tenant.tenantId,
    ]);
    expect((await call('POST', `/v1/recounts/${id}/apply`)).body).toMatchObject({
      code: 'before_raw_horizon',
    });
    expect(await detail(id)).toMatchObject({ state: 'counted' });
  });

  test('belongs to its tenant', async () => {
    await send(TRAFFIC);
    await work();
    const { id } = await recount({ contentSeconds: null });
    const stranger = (await api.createTenant()).key;
    for (const [method, path] of [
      ['GET', `/v1/recounts/${id}`],
      ['POST', `/v1/recounts/${id}/apply`],
      ['POST', `/v1/recounts/${id}/discard`],
    ] as const)
      expect([path, (await call(method, path, undefined, stranger)).status]).toEqual([path, 404]);
    expect((await call('GET', '/v1/recounts', undefined, stranger)).body).toEqual({ items: [], next: null });
    expect((await call('GET', '/v1/rule-sets', undefined, stranger)).body).toEqual({ items: [] });
  });

  test('refuses a taken version and rules that are none', async () => {
    const body = { version: '9', validFrom: '2099-01-01', rules: RULES };
    expect((await call('POST', '/v1/rule-sets', body)).status).toBe(201);
    expect((await call('POST', '/v1/rule-sets', body)).body).toMatchObject({
      status: 409,
      code: 'version_taken',
    });
    for (const rules of [
      { ...RULES, window: 'week' },
      { ...RULES, contentSeconds: 0 },
      { ...RULES, breadth: { episodes: 0, minutes: 10 } },
      { ...RULES, filteredNetworks: ['household'] },
    ]) {
      const answer = await call('POST', '/v1/rule-sets', { ...body, version: '10', rules });
      expect(answer.body).toMatchObject({ status: 400, code: 'invalid_input' });
    }
  });
});
