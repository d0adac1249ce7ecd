import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CountDownloads, IngestionModule } from '@lib/ingestion';
import { createTestRuleSet, showTestDownloads, startTestApi, type Answer, type TestApi } from '@lib/testing';
import { LazyModuleLoader } from '@nestjs/core';
import { createApi } from './create-api.js';

interface Tenant {
  tenantId: string;
  key: string;
  podcastId: string;
  episodes: string[];
}
interface Comparison {
  ours: number;
  theirs: number;
  difference: number;
  ratio: number | null;
  verdict: string;
}
interface Reconciliation extends Record<string, unknown> {
  verdict: string;
  total: Comparison | null;
  cells: (Comparison & { day: string; subjectId: string })[];
  subjects: (Comparison & { title: string })[];
  differences: { setting: string }[];
  causes: { code: string; effect: { downloads: number; change: number } | null }[];
  recounted: { state: string; requests: number; downloads: number | null };
  unmatched: { line: number; reason: string }[];
}

let api: TestApi;
let a: Tenant;
let b: Tenant;

beforeAll(async () => {
  api = await startTestApi(createApi);
  a = await createTenant('A');
  b = await createTenant('B');
});
afterAll(() => api.close());

/** A tenant whose first episode had 100 and 40 downloads, and the second 57, one of them known from a redirect too. */
async function createTenant(name: string): Promise<Tenant> {
  const { tenantId, key } = await api.createTenant(name);
  const podcast = await api.call<{ id: string }>('POST', '/v1/podcasts', {
    key,
    body: { title: 'Harbour Light' },
  });
  const podcastId = podcast.body.id;
  const episodes: string[] = [];
  for (const guid of ['hl-1', 'hl-2', 'hl-3']) {
    const path = `/v1/podcasts/${podcastId}/episodes`;
    const answer = await api.call<{ id: string }>('POST', path, {
      key,
      body: { title: `Episode ${guid}`, guid },
    });
    episodes.push(answer.body.id);
  }
  const [one = '', two = ''] = episodes;
  const numbers = [
    { day: '2026-10-12', podcastId, episodeId: one, downloads: 100 },
    { day: '2026-10-13', podcastId, episodeId: one, downloads: 40 },
    { day: '2026-10-12', podcastId, episodeId: two, downloads: 57 },
    { day: '2026-10-12', podcastId, episodeId: two, downloads: 1, evidence: 'prefix_only' as const },
  ];
  const ruleSetId = await createTestRuleSet(api.database, tenantId, '1.0.0');
  await showTestDownloads(api.database, tenantId, ruleSetId, numbers);
  return { tenantId, key, podcastId, episodes };
}

const SETTINGS = { timeZone: 'UTC', window: 'calendar_day', evidence: 'origin_bytes', botsFiltered: 'true' };

function compare(
  key: string | undefined,
  csv: string,
  settings: Record<string, string> = {},
): Promise<Answer<Reconciliation>> {
  const query = new URLSearchParams({ ...SETTINGS, ...settings }).toString();
  const headers = { 'content-type': 'text/csv; charset=utf-8' };
  return api.call('POST', `/v1/reconciliations?${query}`, { key, body: csv, headers });
}

describe('a reconciliation', () => {
  test('compares each episode on each day, each sum, and the total', async () => {
    const csv = 'day,guid,count\n2026-10-12,hl-1,100\n2026-10-13,hl-1,38\n2026-10-12,hl-2,60\n';
    const { status, body } = await compare(a.key, csv);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      verdict: 'expected',
      firstDay: '2026-10-12',
      lastDay: '2026-10-13',
      ruleSets: [{ version: '1.0.0' }],
      uncountedDays: [],
      differences: [],
      total: { ours: 197, theirs: 198, difference: -1, verdict: 'expected' },
      days: [
        { day: '2026-10-12', ours: 157, theirs: 160, verdict: 'expected' },
        { day: '2026-10-13', ours: 40, theirs: 38, verdict: 'investigate' },
      ],
      leftOut: [],
      unmatched: [],
    });
    expect(body.cells).toHaveLength(3);
    // 57 is exactly 5 % below 60.
    expect(body.cells.find(({ theirs }) => theirs === 60)).toMatchObject({
      ours: 57,
      ratio: -0.05,
      verdict: 'expected',
    });
    expect(body.cells.find(({ theirs }) => theirs === 38)).toMatchObject({
      ratio: 2 / 38,
      verdict: 'investigate',
    });
    expect(body.subjects).toContainEqual(
      expect.objectContaining({ title: 'Episode hl-1', level: 'episode', ours: 140, theirs: 138 }),
    );
    expect(body.causes.map(({ code }) => code)).toContain('their_source');
  });

  test('takes a form, and a podcast as a whole; a day without a row is a 0', async () => {
    const csv = 'day;podcast;count\n2026-10-13;Harbour Light;40\n2026-10-11;Harbour Light;0\n';
    const boundary = 'b0und4ry';
    const body =
      `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="x.csv"\r\n` +
      `content-type: text/csv\r\n\r\n${csv}\r\n--${boundary}--\r\n`;
    const answer = await api.call<Reconciliation>(
      'POST',
      `/v1/reconciliations?${new URLSearchParams(SETTINGS).toString()}`,
      { key: a.key, body, headers: { 'content-type': `multipart/form-data; boundary=${boundary}` } },
    );
    expect(answer).toMatchObject({
      status: 200,
      body: { verdict: 'investigate', uncountedDays: ['2026-10-11'] },
    });
    expect(answer.body.subjects).toMatchObject([{ level: 'podcast', ours: 197, theirs: 40 }]);
    expect(answer.body.cells).toMatchObject([
      { day: '2026-10-11', ours: 0, theirs: 0, ratio: null, verdict: 'expected' },
      { day: '2026-10-12', ours: 157, theirs: 0, ratio: null, verdict: 'investigate' },
      { day: '2026-10-13', ours: 40, theirs: 40, ratio: 0, verdict: 'expected' },
    ]);
  });

  test('tells rows that fit nothing by their lines, and episodes that the file leaves out', async () => {
    const csv = `day,guid,podcast,count\n2026-10-13,hl-1,,40\n2026-10-13,hl-9,,1\n2026-10-12,hl-1,Nobody,1\n2026-10-12,hl-3,,0`;
    const { body } = await compare(a.key, csv);
    expect(body.unmatched).toEqual([
      expect.objectContaining({ line: 3, guid: 'hl-9', reason: 'no_such_episode' }),
      expect.objectContaining({ line: 4, podcast: 'Nobody', reason: 'no_such_podcast' }),
    ]);
    expect(body['leftOut']).toEqual([{ episodeId: a.episodes[1], podcastId: a.podcastId, downloads: 57 }]);
    expect(body.total).toMatchObject({ ours: 140, theirs: 40 });
  });

  test('counts only what is shown, at the level of evidence that is asked for', async () => {
    const { tenantId, key, podcastId, episodes } = await createTenant('C');
    const other = await createTestRuleSet(api.database, tenantId, '2.0.0');
    await api.database.owner.query(
      `INSERT INTO downloads SELECT tenant_id, $2, settled_day, address_day_id, download_id, occurred_at, settled_at,
         podcast_id, episode_id, listener_id, audience_a, audience_b, bytes, evidence, app, device, country
       FROM downloads WHERE tenant_id = $1`,
      [tenantId, other],
    );
    const csv = 'day,guid,count\n2026-10-12,hl-2,1\n';
    expect((await compare(key, csv)).body.total).toMatchObject({ ours: 57 });
    expect((await compare(key, csv, { evidence: 'prefix_only' })).body.total).toMatchObject({ ours: 1 });
    const [first = ''] = episodes;
    await showTestDownloads(api.database, tenantId, other, [
      { day: '2026-10-12', podcastId, episodeId: first, downloads: 0 },
    ]);
    const promoted = (await compare(key, csv)).body;
    expect(promoted).toMatchObject({ ruleSets: [{ version: '2.0.0' }], total: { ours: 57 } });
  });

  test.each([
    ['window', { window: 'last_touch' }],
    ['evidence', { evidence: 'client_confirmed' }],
    ['geography', { countries: 'DE' }],
    ['bots', { botsFiltered: 'false' }],
  ])('does not compare where %s differs, and says why', async (setting, settings) => {
    const { status, body } = await compare(a.key, 'day,guid,count\n2026-10-12,hl-1,100\n', settings);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      verdict: 'not_comparable',
      total: null,
      cells: [],
      subjects: [],
      causes: [],
    });
    expect(body.differences).toEqual([
      expect.objectContaining({ setting, reason: expect.stringMatching(/\w/) }),
    ]);
  });

  test.each([
    ['Pacific/Kiritimati', '2026-10-13', 157],
    ['America/New_York', '2026-10-12', 157],
    ['Etc/GMT', '2026-10-12', 157],
  ])('cuts our days in their time zone: %s', async (timeZone, day, ours) => {
    const csv = `day,podcast,count\n${day},Harbour Light,150\n`;
    const { body } = await compare(a.key, csv, { timeZone });
    expect(body).toMatchObject({ timeZone, verdict: 'expected', total: { ours, theirs: 150 }, causes: [] });
    expect(body.cells).toMatchObject([{ day, ours }]);
  });

  test('names the window as a cause where midnights differ, and the UTC days that their range touches', async () => {
    const csv = 'day,podcast,count\n2026-10-13,Harbour Light,300\n';
    const { body } = await compare(a.key, csv, { timeZone: 'Europe/Berlin' });
    expect(body).toMatchObject({ verdict: 'investigate', total: { ours: 40 }, uncountedDays: [] });
    expect(body.causes).toContainEqual(expect.objectContaining({ code: 'window_zone', effect: null }));
    const west = await compare(a.key, csv, { timeZone: 'America/New_York' });
    expect(west.body['uncountedDays']).toEqual(['2026-10-14']);
  });

  test('does not compare days that were counted by several windows', async () => {
    const { tenantId, key, podcastId, episodes } = await createTenant('D');
    const rolling = await createTestRuleSet(api.database, tenantId, '2.0.0', { window: 'first_touch' });
    const numbers = { day: '2026-10-13', podcastId, episodeId: episodes[0] ?? '', downloads: 1 };
    await showTestDownloads(api.database, tenantId, rolling, [numbers]);
    const { body } = await compare(key, 'day,guid,count\n2026-10-12,hl-1,100\n2026-10-13,hl-1,1\n');
    expect(body.differences).toMatchObject([{ setting: 'window', ours: 'calendar_day, first_touch' }]);
  });

  test('is refused where it comes to more numbers than anybody could read', async () => {
    const { tenantId, key, podcastId } = await createTenant('E');
    await api.database.owner.query(
      `INSERT INTO downloads (tenant_id, rule_set_id, settled_day, address_day_id, download_id, occurred_at, settled_at,
                              podcast_id, episode_id, listener_id, evidence, app, device, country)
       SELECT $1, rule_set_id, day, n, gen_random_uuid(), day + interval '1 hour', day + interval '1 hour', $2,
              gen_random_uuid(), n, 'origin_bytes', '', '', ''
       FROM counted_days, generate_series(1, 50001) AS n WHERE tenant_id = $1 AND day = '2026-10-12'`,
      [tenantId, podcastId],
    );
    const large = await compare(key, 'day,guid,count\n2026-10-12,hl-1,100\n');
    expect(large).toMatchObject({ status: 422, body: { code: 'comparison_too_large' } });
    expect((await compare(key, 'day,guid,count\n2026-10-13,hl-1,40\n')).body.verdict).toBe('expected');
  });

  test('of tenant B sees nothing of A', async () => {
    const csv = `day,episodeId,count\n2026-10-12,${a.episodes[0]},100\n`;
    const { body } = await compare(b.key, csv);
    expect(body).toMatchObject({
      verdict: 'not_comparable',
      unmatched: [{ line: 2, reason: 'no_such_episode' }],
    });
    expect(body.differences.map(({ setting }) => setting)).toContain('podcasts');
    expect(JSON.stringify(body)).not.toContain('Episode hl-1');
  });
});

describe('the effect of a rule', () => {
  const DAY = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
  const EVE = new Date(Date.now() - 2 * 86_400_000).toISOString().slice(0, 10);
  const APP = 'AntennaPod/3.4.0';
  const RULES = {
    window: 'calendar_day',
    contentSeconds: 60,
    header: 'required',
    requestsPerAddressDay: 3,
    breadth: { episodes: 30, minutes: 10 },
    filteredNetworks: ['hosting', 'vpn'],
  };
  /** What was asked for; a whole file at noon by one app, if nothing else is said. */
  const ASKED = [
    { ip: '192.0.2.1' },
    { ip: '192.0.2.2', bytes: 100 },
    { ip: '192.0.2.3', userAgent: 'AhrefsBot/7.0' },
    { ip: '192.0.2.4', userAgent: 'atc/1.0 watchOS/10.1' },
    { ip: '192.0.2.5' },
    { ip: '192.0.2.6', referrer: 'https://one.example/' },
    { ip: '192.0.2.6', referrer: 'https://two.example/' },
    ...[1, 2, 3, 4].map((version) => ({ ip: '192.0.2.7', userAgent: `${APP}.${version}` })),
    { ip: '192.0.2.8', range: 'bytes=0-1', status: 206, bytes: 2 },
    { ip: '192.0.2.9', at: `${EVE}T23:50:00Z` },
    { ip: '192.0.2.9', at: `${DAY}T00:10:00Z` },
  ];
  const csv = `day,guid,count\n${EVE},one,100\n${DAY},one,100\n`;
  let c: { tenantId: string; key: string };

  beforeAll(async () => {
    c = await api.createTenant('Real');
    const post = <Body>(path: string, body: object, key = c.key) =>
      api.call<Body>('POST', path, { key, body }).then((answer) => answer.body);
    const { credential } = await post<{ credential: string }>('/v1/keys', {
      name: 'cdn',
      scopes: ['ingest'],
      trustedSender: true,
    });
    const { id } = await post<{ id: string }>('/v1/podcasts', { title: 'Real' });
    const sizes = { mediaBytes: 10_000, headerBytes: 1_000, durationSeconds: 540 };
    const episode = await post<{ id: string }>(`/v1/podcasts/${id}/episodes`, {
      guid: 'one',
      title: 'One',
      ...sizes,
    });
    await post('/v1/rule-sets', { version: '1.1.0', validFrom: '2020-01-01', rules: RULES, note: 'volume' });
    const events = ASKED.map(({ ip, ...asked }) => {
      const {
        userAgent = APP,
        referrer,
        at = `${DAY}T12:00:00Z`,
        ...request
      } = {
        userAgent: undefined,
        referrer: undefined,
        at: undefined,
        ...asked,
      };
      return {
        id: randomUUID(),
        type: 'download_request',
        occurredAt: at,
        episodeId: episode.id,
        client: { ip, userAgent, ...(referrer && { referrer }) },
        request: { method: 'GET', status: 200, bytes: 10_000, ...request },
      };
    });
    const sent = await post<{ accepted: number }>('/v1/events/batch', { events }, credential);
    expect(sent).toMatchObject({ accepted: ASKED.length });
    // As if the address of the fifth request had been one of a data centre.
    await api.database.owner.query(
      `WITH network AS (INSERT INTO networks (tenant_id, id, class) VALUES ($1, 1, 'hosting') RETURNING id)
       UPDATE listener_events SET network_id = network.id FROM network WHERE tenant_id = $1 AND event_id = $2`,
      [c.tenantId, events[4]?.id],
    );
    const ingestion = await api.app.get(LazyModuleLoader).load(() => IngestionModule);
    for (let days = 1; days > 0;) ({ days } = await ingestion.get(CountDownloads).run());
  });

  test('is counted from the same requests, each rule alone', async () => {
    const { body } = await compare(c.key, csv);
    expect(body).toMatchObject({
      verdict: 'investigate',
      total: { ours: 4, theirs: 200 },
      recounted: { state: 'counted', requests: ASKED.length, downloads: 4 },
    });
    const changes = Object.fromEntries(body.causes.map(({ code, effect }) => [code, effect?.change ?? null]));
    expect(changes).toEqual({
      one_minute: 1,
      range_sum: null,
      range_probe: 0,
      ipv6: null,
      apple_watch: 1,
      data_centres: 1,
      listener_key: 1,
      volume_rules: 4,
      agent_lists: 1,
      our_source: null,
    });
    expect(body.causes.find(({ code }) => code === 'volume_rules')?.effect).toEqual({
      downloads: 8,
      change: 4,
    });
  });

  test('also says what our number would be by their window, or with bots', async () => {
    const window = (await compare(c.key, csv, { window: 'first_touch' })).body;
    expect(window).toMatchObject({
      verdict: 'not_comparable',
      differences: [{ setting: 'window', effect: { downloads: 3, change: -1 } }],
    });
    const both = (await compare(c.key, csv, { window: 'last_touch', botsFiltered: 'false' })).body;
    expect(both.differences).toMatchObject([
      { setting: 'window', effect: { change: -1 } },
      { setting: 'bots', effect: { change: 1 } },
    ]);
    const other = (await compare(c.key, csv, { window: 'other' })).body;
    expect(other).toMatchObject({
      differences: [{ setting: 'window', effect: null }],
      recounted: { state: 'not_needed' },
    });
  });

  test('is not counted where requests are missing', async () => {
    const none = await compare(a.key, 'day,guid,count\n2026-10-12,hl-1,1\n');
    expect(none.body.recounted).toEqual({ state: 'no_requests', requests: 0, downloads: null });
    expect(none.body.causes.every(({ effect }) => effect === null)).toBe(true);
    await api.database.owner.query('INSERT INTO raw_horizons (tenant_id, raw_from) VALUES ($1, $2)', [
      c.tenantId,
      DAY,
    ]);
    const gone = await compare(c.key, csv);
    expect(gone.body.recounted).toMatchObject({ state: 'requests_removed', downloads: null });
  });

  test('is not counted where that would take too long', async () => {
    const { tenantId, key, podcastId, episodes } = await createTenant('Busy');
    const ruleSet = await createTestRuleSet(api.database, tenantId, '2.0.0');
    const numbers = { day: DAY, podcastId, episodeId: episodes[0] ?? '', downloads: 1 };
    await showTestDownloads(api.database, tenantId, ruleSet, [numbers]);
    await api.database.owner.query(
      `INSERT INTO listener_events (tenant_id, occurred_at, event_id, received_at, payload_hash, payload_hash_version,
                                    trusted_sender, event_type)
       SELECT $1, $2::timestamptz, gen_random_uuid(), now(), 1, 1, true, 'download_request' FROM generate_series(1, 100001)`,
      [tenantId, `${DAY}T12:00:00Z`],
    );
    const { body } = await compare(key, `day,guid,count\n${DAY},hl-1,100\n`);
    expect(body).toMatchObject({ verdict: 'investigate', recounted: { state: 'too_many_requests' } });
  });
});

describe('what cannot be read', () => {
  test.each([
    ['csv_cell_invalid', 'line 3, column count', 'day,guid,count\n2026-10-12,hl-1,1\n2026-10-12,hl-2,1k\n'],
    ['csv_row_repeated', 'line 3', 'day,guid,count\n2026-10-12,hl-1,1\n2026-10-12,hl-1,1\n'],
    ['csv_column_missing', 'line 1', 'day,guid\n2026-10-12,hl-1\n'],
    ['csv_malformed', 'line 2', 'day,guid,count\n2026-10-12,"hl-1,1\n'],
  ])('%s is told with its place', async (code, field, csv) => {
    expect(await compare(a.key, csv)).toMatchObject({ status: 422, body: { code, field } });
  });

  test.each([
    ['timeZone', { timeZone: 'Mars/Olympus' }],
    ['window', { window: 'week' }],
    ['evidence', { evidence: 'guess' }],
    ['botsFiltered', { botsFiltered: 'perhaps' }],
    ['countries', { countries: 'Germany' }],
    ['oneMinuteRule', { oneMinuteRule: '1' }],
    ['tenantId', { tenantId: 'x' }],
  ])('an unusable %s is named', async (field, settings) => {
    const answer = await compare(a.key, 'day,guid,count\n2026-10-12,hl-1,1\n', settings);
    expect(answer).toMatchObject({ status: 400, body: { field } });
  });

  test('a body that is no CSV, or too large, is refused by its kind', async () => {
    const path = `/v1/reconciliations?${new URLSearchParams(SETTINGS).toString()}`;
    const send = (body: unknown, type: string) =>
      api.call('POST', path, { key: a.key, body, headers: { 'content-type': type } });
    expect(await send('{}', 'application/json')).toMatchObject({ status: 415 });
    expect(await send('x', 'application/octet-stream')).toMatchObject({ status: 415 });
    const large = Buffer.alloc(1_048_577, ' ');
    expect(await send(large, 'text/csv')).toMatchObject({ status: 413, body: { code: 'too_large' } });
    const elsewhere = { key: a.key, body: 'a,b', headers: { 'content-type': 'text/csv' } };
    expect((await api.call('POST', '/v1/podcasts', elsewhere)).status).toBe(415);
    const form = '--b\r\ncontent-disposition: form-data; name="x"\r\n\r\n1\r\n--b--\r\n';
    const empty = await send(form, 'multipart/form-data; boundary=b');
    expect(empty).toMatchObject({ status: 400, body: { code: 'file_missing' } });
    expect((await compare(undefined, 'day,guid,count')).status).toBe(401);
  });
});
