import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { createRolePool } from '@lib/database';
import { createPlatformKey } from '@lib/tenants';
import {
  buildProgram,
  createTestDatabase,
  DatabaseProxy,
  dumpAsText,
  filesAsText,
  redisAsText,
  search,
  tablesAsText,
  testSettings,
  untilWithin,
  type BuiltProgram,
  type Place,
  type StartedProcess,
  type TestDatabase,
} from '@lib/testing';

const until = untilWithin(120_000);

// Compiling takes its time on a busy machine, and the worker looks for work every few seconds.
jest.setTimeout(600_000);

const PEPPER = 'a pepper that is only good for tests';
const MARK = randomBytes(6).toString('hex');
/** What names the listener. The address must be found nowhere at any time, the rest nowhere after the erasure. */
const ADDRESS = `2001:db8:${randomInt(1, 0xffff).toString(16)}:${randomInt(1, 0xffff).toString(16)}:a:b:c:${MARK.slice(0, 4)}`;
const IPV4 = `203.0.113.${randomInt(2, 254)}`;
const QUERY = `query-${MARK}`;
const TRACES = {
  agent: `CanaryPlayer/1.0 (handmade ${MARK})`,
  session: `session-${MARK}`,
  referrer: `https://canary-${MARK}.example/page`,
  email: `canary-${MARK}@example.org`,
  spooled: `spooled-${MARK}`,
  path: `/private/${MARK}/feed.xml`,
};
/** UTC days on which the listener also listened, so that an erasure takes a while and can be killed in between. */
const OLDER_DAYS = 90;
const REQUESTS_A_DAY = 5;
/** Requests that came by the redirect, by the spool and in a log. */
const ROADS = 4;
const END = 'the end';
const FILE = { host: 'cdn.example', path: '/2026/one.mp3' };

let program: BuiltProgram;
let database: TestDatabase;
let proxy: DatabaseProxy;
let environment: Record<string, string>;
let api: StartedProcess;
const workers: StartedProcess[] = [];
let tenant: { tenantId: string; key: string };
let sender: string;
let episodeId: string;

beforeAll(async () => {
  program = buildProgram();
  database = await createTestDatabase();
  environment = {
    DATABASE_URL: database.urls.app,
    MAINTENANCE_DATABASE_URL: database.urls.maintenance,
    MIGRATION_DATABASE_URL: database.urls.owner,
    ADMIN_DATABASE_URL: database.urls.admin,
    QUEUE_DATABASE_URL: database.urls.queue,
    API_KEY_PEPPER: PEPPER,
    PRIVACY_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
    LOG_LEVEL: 'trace',
    TRUST_PROXY: '127.0.0.1',
    SPOOL_DIR: join(tmpdir(), `podcast-canary-spool-${MARK}`),
    ...(database.redisUrl !== null && { REDIS_URL: database.redisUrl }),
  };
  proxy = await DatabaseProxy.start(database);
  api = await program.start('api', { ...environment, DATABASE_URL: proxy.url, CONNECTION_TIMEOUT_MS: '500' });
  await startWorker();
  const owner = createRolePool(
    testSettings(database),
    () => undefined,
    'podcast_owner',
    database.urls.owner,
    1,
  );
  const platformKey = await createPlatformKey(owner, PEPPER, 'test');
  await owner.end();
  const created = await call<{ tenantId: string; key: { credential: string } }>(
    'POST',
    '/v1/admin/tenants',
    { name: 'Tenant' },
    platformKey,
  );
  tenant = { tenantId: created.body.tenantId, key: created.body.key.credential };
  const key = await call<{ credential: string }>('POST', '/v1/keys', {
    name: 'cdn',
    scopes: ['ingest'],
    trustedSender: true,
  });
  sender = key.body.credential;
  const podcast = await call<{ id: string }>('POST', '/v1/podcasts', { title: 'Signal & Salt' });
  const episode = await call<{ id: string }>('POST', `/v1/podcasts/${podcast.body.id}/episodes`, {
    guid: 'one',
    title: 'One',
    enclosureUrl: `https://${FILE.host}${FILE.path}`,
    mediaBytes: 10_000,
    headerBytes: 1_000,
    durationSeconds: 540,
  });
  episodeId = episode.body.id;
  await database.owner.query(
    `INSERT INTO public_handles (tenant_id, kind, handle, target_id) VALUES ($1, 'redirect', 'canary', $2)`,
    [tenant.tenantId, podcast.body.id],
  );
  await database.owner.query(
    `INSERT INTO podcast_hosts (tenant_id, podcast_id, host, source) VALUES ($1, $2, $3, 'feed')
     ON CONFLICT DO NOTHING`,
    [tenant.tenantId, podcast.body.id, FILE.host],
  );
});
afterAll(async () => {
  program.remove();
  proxy.close();
  rmSync(environment['SPOOL_DIR']!, { recursive: true, force: true });
  await database.drop();
});

async function startWorker(): Promise<StartedProcess> {
  const worker = await program.start('worker', environment);
  workers.push(worker);
  return worker;
}

async function call<Body>(
  method: string,
  path: string,
  body?: object,
  key = tenant.key,
  headers: Record<string, string> = {},
) {
  const answer = await fetch(api.origin + path, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, text, body: (/^[[{]/.test(text) ? JSON.parse(text) : text) as Body };
}

const HOUR_AGO = Date.now() - 3_600_000;
const EVENTS = [
  {
    id: randomUUID(),
    type: 'download_request',
    request: { method: 'GET', status: 200, bytes: 10_000 },
    client: { ip: ADDRESS },
  },
  {
    id: randomUUID(),
    type: 'download_request',
    request: { method: 'GET', status: 200, bytes: 10_000 },
    client: { ip: IPV4 },
  },
  { id: randomUUID(), type: 'play', data: { contact: TRACES.email }, client: { ip: ADDRESS } },
].map(({ client, ...event }, index) => ({
  ...event,
  occurredAt: new Date(HOUR_AGO + index * 1_000).toISOString(),
  episodeId,
  sessionId: TRACES.session,
  client: { ...client, userAgent: TRACES.agent, referrer: `${TRACES.referrer}?q=${QUERY}` },
}));
const batch = () => EVENTS.map((event) => ({ ...event, episodeId }));

/** As a sender does: again while the API, with its short patience here, answers that the database is slow. */
async function send(): Promise<string[]> {
  for (;;) {
    const { status, body } = await call<{ results: { status: string }[] }>(
      'POST',
      '/v1/events/batch',
      { events: batch() },
      sender,
      { 'user-agent': TRACES.agent, 'x-forwarded-for': IPV4, forwarded: `for=${IPV4}` },
    );
    if (status !== 503) return body.results.map((result) => result.status);
    await sleep(500);
  }
}

/** Asks for the file through the redirect, as a proxy in front of us passes it on. */
async function listen(session: string): Promise<void> {
  const { status } = await fetch(`${api.origin}/r/canary/${FILE.host}${FILE.path}?${QUERY}`, {
    redirect: 'manual',
    headers: {
      'x-forwarded-for': ADDRESS,
      'user-agent': TRACES.agent,
      referer: `${TRACES.referrer}?q=${QUERY}`,
      'x-playback-session-id': session,
    },
  });
  expect(status).toBe(302);
}

/** Once while the database takes the request, and once while it is away. */
async function sendThroughRedirect(): Promise<void> {
  await listen(TRACES.session);
  await until('the request is stored', () => hasSession(TRACES.session));
  proxy.cut();
  await listen(TRACES.spooled);
  const spool = () => filesAsText(environment['SPOOL_DIR']!);
  await until('the request is spooled', async () => search(spool(), TRACES.spooled).length > 0);
  for (const address of [ADDRESS, IPV4, QUERY])
    expect([address, search(spool(), address)]).toEqual([address, []]);
  proxy.restore();
  await until('the spool is drained', async () => search(spool(), TRACES.spooled).length === 0);
  expect(await hasSession(TRACES.spooled)).toBe(true);
  // Nothing tries any more to commit what was spooled.
  await sleep(3_000);
  // As if all of it had happened a while ago: what happens after a request for erasure is not touched.
  await database.owner.query(
    `UPDATE listener_events SET occurred_at = occurred_at - interval '10 minutes' WHERE session_id = ANY ($1)
       AND NOT trusted_sender`,
    [[TRACES.session, TRACES.spooled]],
  );
}

async function hasSession(session: string): Promise<boolean> {
  const { rows } = await database.owner.query(
    `SELECT FROM listener_events WHERE session_id = $1 AND NOT trusted_sender`,
    [session],
  );
  return rows.length > 0;
}

/** UTC days of the listener's rows: the last ones are one or two, by the time of day. */
async function daysListened(): Promise<string[]> {
  const { rows } = await database.owner.query<{ day: string }>(
    `SELECT DISTINCT (occurred_at AT TIME ZONE 'UTC')::date::text AS day FROM listener_events l
     JOIN user_agents a ON a.tenant_id = l.tenant_id AND a.id = l.user_agent_id WHERE a.value = $1 ORDER BY day`,
    [TRACES.agent],
  );
  return rows.map(({ day }) => day);
}

/** The same request in the log of the server that sends the files, and one of something else. */
async function importLog(): Promise<void> {
  const line = (path: string, requestId: string) =>
    JSON.stringify({
      occurredAt: new Date(HOUR_AGO + 60_000).toISOString(),
      address: ADDRESS,
      method: 'GET',
      host: FILE.host,
      path,
      query: QUERY,
      status: 200,
      bytesServed: 10_000,
      userAgent: TRACES.agent,
      referrer: `${TRACES.referrer}?q=${QUERY}`,
      requestId,
    });
  const form = new FormData();
  const log = [line(FILE.path, '1'), line(TRACES.path, '2'), `${ADDRESS} nonsense`].join('\n');
  form.append('file', new Blob([log]), 'access.log');
  const answer = await fetch(`${api.origin}/v1/imports/logs?format=ndjson`, {
    method: 'POST',
    headers: { authorization: `Bearer ${tenant.key}` },
    body: form,
  });
  expect([answer.status, await answer.json()]).toMatchObject([200, { stored: 2, faults: 1 }]);
}

/** Requests that fail, with the address wherever somebody could put it. */
async function sendNonsense(): Promise<void> {
  await call('GET', `/v1/nowhere/${IPV4}?ip=${ADDRESS}`, undefined, tenant.key, { 'x-forwarded-for': IPV4 });
  await call('POST', '/v1/events/batch', { events: [{ ...batch()[0], id: ADDRESS }] }, sender);
  await call('POST', '/v1/events/batch', { events: [{ ...batch()[0], [IPV4]: 1 }] }, sender);
  await call('POST', '/v1/privacy-requests', {
    kind: 'erasure',
    subject: { address: `${IPV4}.9`, userAgent: TRACES.agent },
  });
  await call('GET', '/v1/tenant', undefined, `pa_live_${IPV4}`);
}

/** The listener listened on many days before, and so did somebody else. */
async function addHistory(): Promise<void> {
  await database.owner.query(`SELECT ensure_partitions(now() - make_interval(days => $1), now())`, [
    OLDER_DAYS + 8,
  ]);
  await database.owner.query(
    `INSERT INTO listener_events
     SELECT (jsonb_populate_record(l, jsonb_build_object(
              'event_id', gen_random_uuid(), 'payload_hash', l.payload_hash + s,
              'occurred_at', l.occurred_at - make_interval(days => d, mins => s))
              || CASE WHEN s > $2 THEN jsonb_build_object('audience_a', d, 'audience_b', d, 'count_id_today', d,
                                                          'count_id_yesterday', d, 'address_day_id', d, 'session_id', NULL)
                 ELSE '{}' END)).*
     FROM listener_events l, generate_series(1, $1) d, generate_series(1, $2 + 1) s
     WHERE l.event_id = $3`,
    [OLDER_DAYS, REQUESTS_A_DAY, EVENTS[0]!.id],
  );
  // Whoever else listened has another agent, or the listener's would not be the only one.
  await database.owner.query(
    `WITH agent AS (INSERT INTO user_agents VALUES ($1, 1, 'AntennaPod/3.4.0') RETURNING id)
     UPDATE listener_events SET user_agent_id = agent.id, referrer_id = NULL FROM agent
     WHERE tenant_id = $1 AND audience_a BETWEEN 1 AND $2`,
    [tenant.tenantId, OLDER_DAYS],
  );
  await recountEverything();
}

async function recountEverything(): Promise<void> {
  await database.owner.query(
    `INSERT INTO dirty_buckets (tenant_id, kind, bucket)
     SELECT DISTINCT tenant_id, k, date_bin('5 minutes', occurred_at, 'epoch')
     FROM listener_events, unnest(ARRAY['count', 'slice']) k WHERE tenant_id = $1`,
    [tenant.tenantId],
  );
  await untilCounted();
}

/** Audiences follow only every 15 seconds: whoever looks at them waits for them too. */
const untilCounted = (others = ['privacy', 'detect', 'audience', 'anomaly']) =>
  until('everything is counted', async () => {
    const { rows } = await database.owner.query(`SELECT FROM dirty_buckets WHERE kind <> ALL ($1) LIMIT 1`, [
      others,
    ]);
    return rows.length === 0;
  });

/** Every number that follows from raw rows. */
async function numbers(): Promise<object> {
  const of = async (table: string, columns: string) =>
    (await database.owner.query(`SELECT ${columns} FROM ${table} ORDER BY ${columns}`)).rows as object[];
  return {
    downloads: await of('downloads', 'settled_day, listener_id, episode_id, download_id, audience_a, bytes'),
    metrics: await of('listener_metrics', 'grain, bucket, episode_id, metric, evidence, dimension, value'),
    totals: await of('listener_totals', 'grain, bucket, podcast_id, metric, evidence, dimension, value'),
    // Slices of an hour are only there until it has been over for an hour, which may be meanwhile.
    dimensions: await of(
      "(SELECT * FROM dimension_counts WHERE grain <> 'slice') kept",
      'grain, bucket, podcast_id, episode_id, metric, evidence, dimension, names, counts',
    ),
    audience: await of(
      'audience_sketches',
      'day, series, podcast_id, episode_id, evidence, unidentified, hashes',
    ),
    daily: await of('metrics_daily', 'day, podcast_id, metric, evidence, value'),
  };
}

async function everything(): Promise<Place[]> {
  const pages = ['/v1/privacy-requests', '/v1/keys', '/v1/rule-sets', '/v1/recounts', '/metrics'];
  const answers = [];
  for (const page of pages) answers.push({ name: `GET ${page}`, text: (await call('GET', page)).text });
  return [
    ...(await tablesAsText(database)),
    ...dumpAsText(database),
    ...(await redisAsText(database)),
    ...filesAsText(environment['SPOOL_DIR']!),
    ...answers,
    ...[api, ...workers].map((process, index) => ({ name: `log ${index}`, text: process.output() })),
    ...(await Promise.all(
      workers.slice(-1).map(async ({ origin }) => ({
        name: 'metrics of the worker',
        text: await (await fetch(`${origin}/metrics`)).text(),
      })),
    )),
  ];
}

/**
 * The files of the server itself, its journal included: what was ever written, not only what is there now. Undefined where
 * the server that TEST_DATABASE_URL names is on another machine.
 */
async function filesOfServer(text: string): Promise<string[] | undefined> {
  const { rows } = await database.owner.query<{ data_directory: string }>('SHOW data_directory');
  const directory = rows[0]!.data_directory;
  if (!existsSync(directory)) return undefined;
  const found = spawnSync('grep', ['-rlaF', text, directory], { encoding: 'utf8' });
  // The server goes on meanwhile: what it removes between being listed and being read is nothing that it keeps.
  const unread = found.stderr
    .split('\n')
    .filter((line) => line !== '' && !line.endsWith('No such file or directory'));
  if (unread.length > 0) throw new Error(unread.join('\n'));
  return found.stdout.split('\n').filter((line) => line !== '');
}

interface Request {
  id: string;
  state: string;
  report: { rows: Record<string, number>; days: string[] };
}

async function ask(kind: string, address: string): Promise<string> {
  const { status, body } = await call<Request>('POST', '/v1/privacy-requests', {
    kind,
    subject: { address, userAgent: TRACES.agent },
  });
  expect(status).toBe(202);
  await makeOlder(body.id);
  return body.id;
}

/** As if the pauses of the worker had passed. */
async function makeOlder(id: string): Promise<void> {
  await database.owner.query(
    `UPDATE privacy_requests SET requested_at = requested_at - interval '61 seconds' WHERE id = $1`,
    [id],
  );
}
async function endPause(id: string): Promise<boolean> {
  const { rowCount } = await database.owner.query(
    `UPDATE privacy_requests SET report = jsonb_set(report, '{searchedAt}', '"2026-01-01T00:00:00Z"')
     WHERE id = $1 AND report ->> 'searchedAt' IS NOT NULL`,
    [id],
  );
  return rowCount === 1;
}
async function find(id: string): Promise<Request> {
  return (await call<Request>('GET', `/v1/privacy-requests/${id}`)).body;
}
/** The day that an erasure has got to. */
async function progress(id: string): Promise<string | null> {
  const { rows } = await database.owner.query<{ day: string | null }>(
    `SELECT CASE WHEN report ->> 'searchedAt' IS NULL THEN report ->> 'searchedBefore' ELSE $2 END AS day
     FROM privacy_requests WHERE id = $1`,
    [id, END],
  );
  return rows[0]!.day;
}

test('of an address nothing is ever kept; of an erased listener nothing is left, whatever is killed meanwhile', async () => {
  expect(await send()).toEqual(['accepted', 'accepted', 'accepted']);
  await sendNonsense();
  await sendThroughRedirect();
  await importLog();
  await untilCounted();
  await addHistory();

  // Before: the addresses nowhere, everything else somewhere, or the search would prove nothing.
  let places = await everything();
  for (const address of [ADDRESS, IPV4, QUERY]) {
    expect([address, search(places, address)]).toEqual([address, []]);
    await database.owner.query('CHECKPOINT');
    expect([address, (await filesOfServer(address)) ?? []]).toEqual([address, []]);
  }
  for (const trace of Object.values(TRACES)) {
    expect([trace, search(places, trace).length > 0]).toEqual([trace, true]);
    expect([trace, (await filesOfServer(trace))?.length]).not.toEqual([trace, 0]);
  }
  expect(places.filter(({ name }) => name === 'redis' || name === 'pg_dump')).not.toEqual([]);

  const shown = await ask('export', ADDRESS);
  await until('the export is ready', async () => (await find(shown)).state === 'done');
  const exported = (await call('GET', `/v1/privacy-requests/${shown}/export`)).text;
  for (const trace of Object.values(TRACES)) expect(exported).toContain(trace);
  for (const address of [ADDRESS, IPV4, QUERY]) expect(exported).not.toContain(address);

  // Killed again and again, the erasure goes on where it was, and counts each row once.
  await workers.at(-1)!.kill();
  const days = await daysListened();
  expect(days.length).toBeGreaterThan(OLDER_DAYS);
  const ids = [await ask('erasure', ADDRESS), await ask('erasure', IPV4)];
  const stops = new Set([await progress(ids[0]!)]);
  for (let kills = 0; kills < 5 && !stops.has(END); kills += 1) {
    const worker = await startWorker();
    await until('the erasure has got further', async () => !stops.has(await progress(ids[0]!)));
    await worker.kill();
    stops.add(await progress(ids[0]!));
  }
  expect(stops.size).toBeGreaterThan(2);
  await startWorker();
  for (const id of ids) {
    await until('the days are searched', () => endPause(id));
    await until('the erasure is done', async () => (await find(id)).state === 'done');
  }
  const reports = await Promise.all(ids.map(async (id) => (await find(id)).report));
  expect(reports.map(({ rows }) => rows.listener_events)).toEqual([
    EVENTS.length - 1 + ROADS + OLDER_DAYS * REQUESTS_A_DAY,
    1,
  ]);
  expect(reports[0]!.days).toEqual(days);
  await untilCounted(['privacy', 'detect', 'anomaly']);

  // A repeat brings nothing back.
  expect(await send()).toEqual(['duplicate', 'duplicate', 'duplicate']);
  places = await everything();
  places.push({ name: 'export', text: (await call('GET', `/v1/privacy-requests/${shown}/export`)).text });
  for (const trace of [...Object.values(TRACES), ADDRESS, IPV4, QUERY])
    expect([trace, search(places, trace)]).toEqual([trace, []]);

  // And the numbers are those that the rows come to.
  const before = await numbers();
  expect(JSON.stringify(before)).toContain('downloads');
  await recountEverything();
  expect(await numbers()).toEqual(before);
  const { rows } = await database.owner.query(
    `SELECT count(*)::integer AS downloads, count(DISTINCT settled_day)::integer AS days FROM downloads`,
  );
  expect(rows).toEqual([{ downloads: OLDER_DAYS, days: OLDER_DAYS }]);
  const { rows: audience } = await database.owner.query(
    `SELECT count(DISTINCT id)::integer AS ids,
            count(*) FILTER (WHERE id NOT IN (SELECT unnest(ARRAY[audience_a, audience_b]) FROM downloads))::integer AS strays
     FROM audience_sketches, unnest(hashes) id`,
  );
  expect(audience).toEqual([{ ids: OLDER_DAYS, strays: 0 }]);
});
