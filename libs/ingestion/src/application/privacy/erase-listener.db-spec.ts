import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { tenantContext } from '@lib/database';
import { createLogger } from '@lib/observability';
import { DAY_MS, HOUR_MS, toTenantId, utcDate, type TenantId } from '@lib/primitives';
import {
  connectTestDatabase,
  createTestDatabase,
  createTestTenant,
  type TestConnections,
  type TestDatabase,
  type TestTenant,
} from '@lib/testing';
import { checkEvent } from '../check-event.js';
import { AgentLists } from '../agent-lists.js';
import { AgentReader } from '../agent-reader.js';
import { EventStore, isRejection, type Outcome } from '../commit-events.js';
import { CountDownloads } from '../count-downloads.js';
import { ListenerIdentifier } from '../identify-listener.js';
import { KnownTexts } from '../known-texts.js';
import { ListenerKeys } from '../listener-keys.js';
import { RuleSetsService } from '../rule-sets.service.js';
import { DEFAULT_COUNTING_RULES, type DownloadWindow } from '../../domain/counting/counting-rules.js';
import { hash64 } from '../../domain/hash-payload.js';
import { insertDictionary } from '../../infrastructure/dictionaries.sql.js';
import { storableEvent } from '../../domain/storable-event.js';
import type { PrivacyRequest } from '../../domain/privacy/privacy-request.js';
import { AnswerPrivacyRequests } from './answer-privacy-requests.js';
import { PrivacyRequestsService, type Subject } from './privacy-requests.service.js';

const FILE_BYTES = 10_000;
const ADDRESS = '198.51.100.77';
const RARE_AGENT = 'AntennaPod/3.4.0 (handmade 5d1c)';
const AGENT = 'AntennaPod/3.4.0';
/** 12:00 UTC some days ago, inside the acceptance window. */
const noon = (daysAgo: number) =>
  new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS - daysAgo * DAY_MS + 12 * HOUR_MS);

let database: TestDatabase;
let connections: TestConnections;
let keys: ListenerKeys;
let store: EventStore;
let ruleSets: RuleSetsService;
let counter: CountDownloads;
let requests: PrivacyRequestsService;
let answerer: AnswerPrivacyRequests;
let tenant: TestTenant;
let tenantId: TenantId;

beforeAll(async () => {
  database = await createTestDatabase();
  connections = connectTestDatabase(database);
  const { db, app, settings } = connections;
  const lists = new AgentLists();
  keys = new ListenerKeys(settings, app);
  ruleSets = new RuleSetsService(db, lists);
  counter = new CountDownloads(db, ruleSets, new AgentReader(lists), app, createLogger('silent'));
  requests = new PrivacyRequestsService(db, keys, settings);
  answerer = new AnswerPrivacyRequests(db, app, createLogger('silent'));
});
afterAll(async () => {
  await connections.close();
  await database.drop();
});
beforeEach(async () => {
  store = new EventStore(connections.app);
  tenant = await createTestTenant(database);
  tenantId = toTenantId(tenant.tenantId);
  await database.owner.query(
    `UPDATE episodes SET media_bytes = $2, header_bytes = 1000, duration_seconds = 540 WHERE tenant_id = $1`,
    [tenantId, FILE_BYTES],
  );
});

interface Sent {
  id?: string;
  at?: Date;
  ip?: string;
  userAgent?: string;
  referrer?: string;
  type?: 'download_request' | 'play';
  bytes?: number;
  sessionId?: string;
  data?: Record<string, unknown>;
}

/** Sends events as a trusted sender does. */
async function send(sent: readonly Sent[], importId?: string): Promise<Outcome[]> {
  const identifier = new ListenerIdentifier();
  const texts = new KnownTexts();
  const events = [];
  for (const { id, at = noon(1), ip = ADDRESS, userAgent = AGENT, referrer, type, ...rest } of sent) {
    const { bytes = FILE_BYTES, ...more } = rest;
    const isDownload = (type ?? 'download_request') === 'download_request';
    const checked = checkEvent(
      {
        id: id ?? randomUUID(),
        type: type ?? 'download_request',
        occurredAt: at.toISOString(),
        episodeId: tenant.episodeIds[0],
        client: { ip, userAgent, ...(referrer && { referrer }) },
        ...(isDownload && { request: { method: 'GET', status: 200, bytes } }),
        ...more,
      },
      new Date(),
      { maxEventBytes: 32_768, acceptanceDays: 7 },
    );
    if (isRejection(checked)) throw new Error(checked.detail);
    const agent = texts.userAgent(userAgent);
    const ids = identifier.identify(await keys.forDay(tenantId, at, importId), ip, agent?.value ?? '');
    const sender = { trusted: true, userAgent: agent, referrer: texts.referrer(referrer), network: null };
    events.push(storableEvent(checked, sender, ids));
  }
  return store.commit(tenantId, events);
}

function ask(kind: 'erasure' | 'export', subject: Subject = { address: ADDRESS, userAgent: AGENT }) {
  return connections.db.run(tenantId, () => requests.request(kind, subject, 'test'));
}

function find(id: string): Promise<PrivacyRequest> {
  return connections.db.run(tenantId, () => requests.find(id));
}

/** Lets the worker do all there is to do, as if the pauses had passed. */
async function answerAll(): Promise<void> {
  for (const afterMs of [61_000, 62_000 + 121_000]) {
    for (;;) {
      const report = await answerer.run(new Date(Date.now() + afterMs));
      expect(report).toMatchObject({ failed: 0 });
      if (report.rows === 0) break;
    }
  }
}

async function countAll(): Promise<number> {
  let written = 0;
  for (;;) {
    const report = await counter.run();
    expect(report).toMatchObject({ failed: 0, busy: 0 });
    written += report.rows;
    if (report.days === 0) return written;
  }
}

async function rows<Row extends object>(text: string): Promise<Row[]> {
  return (await database.owner.query<Row>(text, [tenantId])).rows;
}

/** Marks every slice of the last days to be counted: what counting from raw comes to. */
async function recountEverything(): Promise<number> {
  await rows(`INSERT INTO dirty_buckets (tenant_id, kind, bucket)
              SELECT $1, 'count', generate_series(now() - interval '8 days', now() + interval '1 day', '5 minutes')`);
  await rows(`UPDATE dirty_buckets SET bucket = date_bin('5 minutes', bucket, 'epoch') WHERE tenant_id = $1`);
  return countAll();
}

const downloads = () =>
  rows<{ at: string; listener_id: string }>(
    `SELECT to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24') AS at, listener_id FROM downloads
     WHERE tenant_id = $1 ORDER BY 1, 2`,
  );

async function useWindow(window: DownloadWindow): Promise<void> {
  await connections.db.run(tenantId, () =>
    ruleSets.create(
      { version: window, validFrom: '2026-01-01', rules: { ...DEFAULT_COUNTING_RULES, window }, note: '' },
      'test',
    ),
  );
}

describe('an erasure', () => {
  test('takes out of a listener’s rows what names them, and leaves others and the rows themselves', async () => {
    const mine: Sent[] = [
      { at: noon(2), referrer: 'https://example.net/a?q=1' },
      { at: noon(1), sessionId: 's-1', data: { note: 'mine' } },
      { at: noon(1), type: 'play', sessionId: 's-1' },
    ];
    await send([...mine, { ip: '198.51.100.78' }, { userAgent: 'Overcast/3.0' }]);
    const before = await rows<object>(
      `SELECT event_id, occurred_at, episode_id, received_at, bytes_sent, status, event_type FROM listener_events
       WHERE tenant_id = $1 ORDER BY event_id`,
    );
    const { id } = await ask('erasure');
    await answerAll();
    expect(await find(id)).toMatchObject({
      state: 'done',
      report: {
        rows: { listener_events: 3, referrers: 1 },
        days: [utcDate(noon(2)), utcDate(noon(1))],
      },
    });
    expect(
      await rows<object>(
        `SELECT event_id, occurred_at, episode_id, received_at, bytes_sent, status, event_type FROM listener_events
         WHERE tenant_id = $1 ORDER BY event_id`,
      ),
    ).toEqual(before);
    const NAMING = `audience_a, audience_b, count_id_today, count_id_yesterday, address_day_id, user_agent_id, referrer_id,
      network_id, path_id, session_id, event_data`;
    const [left] = await rows<Record<string, number>>(
      `SELECT count(*) FILTER (WHERE num_nonnulls(${NAMING}) = 0 AND payload_hash = 0)::integer AS scrubbed,
              count(*) FILTER (WHERE num_nonnulls(${NAMING}) > 0 AND payload_hash <> 0)::integer AS untouched
       FROM listener_events WHERE tenant_id = $1`,
    );
    expect(left).toEqual({ scrubbed: 3, untouched: 2 });
  });

  test.each(['calendar_day', 'first_touch', 'last_touch'] as const)(
    'leaves exactly what counting the rows again comes to, in windows by %s',
    async (window) => {
      await useWindow(window);
      const others = { ip: '198.51.100.78' };
      await send([
        { at: noon(3) },
        { at: new Date(noon(3).getTime() + 20 * HOUR_MS) },
        { at: new Date(noon(3).getTime() + 43 * HOUR_MS) },
        { at: noon(2), userAgent: 'Overcast/3.0' },
        { at: noon(2), ...others },
        { at: new Date(noon(2).getTime() + 13 * HOUR_MS), ...others },
      ]);
      await countAll();
      const listeners = new Set((await downloads()).map(({ listener_id }) => listener_id));
      const { id } = await ask('erasure');
      await answerAll();
      await countAll();
      const left = await downloads();
      expect(left.length).toBeGreaterThanOrEqual(2);
      expect((await find(id)).report.rows.downloads).toBeGreaterThanOrEqual(1);
      expect(left.filter(({ listener_id }) => !listeners.has(listener_id))).toEqual([]);
      expect(
        await rows(`SELECT FROM count_carry c WHERE tenant_id = $1
        AND listener_id NOT IN (SELECT count_id_today FROM listener_events WHERE tenant_id = $1
                                AND count_id_today IS NOT NULL)`),
      ).toEqual([]);
      expect(await recountEverything()).toBe(0);
      expect(await downloads()).toEqual(left);
    },
  );

  test('lets others count whom the listener had taken over the limit of their address', async () => {
    await connections.db.run(tenantId, () =>
      ruleSets.create(
        {
          version: 'volume',
          validFrom: '2026-01-01',
          rules: { ...DEFAULT_COUNTING_RULES, requestsPerAddressDay: 2 },
          note: '',
        },
        'test',
      ),
    );
    const at = (minutes: number) => new Date(noon(1).getTime() + minutes * 60_000);
    await send([{ at: at(0) }, { at: at(1) }, { at: at(90), userAgent: 'Overcast/3.0' }]);
    await countAll();
    expect(await downloads()).toEqual([]);
    await ask('erasure');
    await answerAll();
    await countAll();
    expect(await downloads()).toHaveLength(1);
  });

  test('reaches what was counted beside, under rule sets that are not shown', async () => {
    await send([{}]);
    await countAll();
    await rows(`WITH other AS (
      INSERT INTO rule_sets (tenant_id, id, version, valid_from, rules, agent_list, created_by)
      SELECT tenant_id, gen_random_uuid(), 'other', '2099-01-01', rules, agent_list, 'test' FROM rule_sets
      WHERE tenant_id = $1 RETURNING id
    ) INSERT INTO downloads SELECT d.tenant_id, other.id, settled_day, address_day_id, download_id, occurred_at, settled_at,
        podcast_id, episode_id, listener_id, audience_a, audience_b, bytes, evidence, app, device, country
      FROM downloads d, other WHERE d.tenant_id = $1`);
    expect(await downloads()).toHaveLength(2);
    await ask('erasure');
    await answerAll();
    expect(await downloads()).toEqual([]);
  });

  test('leaves numbers standing whose requests are gone, and nobody in them', async () => {
    await send([{ at: noon(5) }, { at: noon(5), ip: '198.51.100.78' }]);
    await countAll();
    await rows(`INSERT INTO raw_horizons VALUES ($1, date_trunc('day', now(), 'UTC') - interval '2 days')`);
    await rows(`DELETE FROM listener_events WHERE tenant_id = $1`);
    const { id } = await ask('erasure');
    await answerAll();
    expect((await find(id)).report.rows).toEqual({ downloads: 1 });
    expect(
      await rows(
        `SELECT listener_id = 0 AS erased, address_day_id = 0 AS address, audience_a IS NULL AS a, audience_b IS NULL AS b
         FROM downloads WHERE tenant_id = $1 ORDER BY 1`,
      ),
    ).toEqual([
      { erased: false, address: false, a: false, b: false },
      { erased: true, address: true, a: true, b: true },
    ]);
  });

  test('marks the days whose audience the listener was among, those without requests too', async () => {
    await send([{ at: noon(5) }, { at: noon(4), ip: '198.51.100.78' }, { at: noon(1) }]);
    await countAll();
    await rows(`INSERT INTO raw_horizons VALUES ($1, date_trunc('day', now(), 'UTC') - interval '2 days')`);
    await rows(
      `DELETE FROM listener_events e USING raw_horizons h
       WHERE e.tenant_id = $1 AND h.tenant_id = e.tenant_id AND e.occurred_at < h.raw_from`,
    );
    await rows(`DELETE FROM dirty_buckets WHERE tenant_id = $1`);
    await ask('erasure');
    await answerAll();
    expect(
      await rows(`SELECT bucket FROM dirty_buckets WHERE tenant_id = $1 AND kind = 'audience' ORDER BY 1`),
    ).toEqual([5, 1].map((daysAgo) => ({ bucket: new Date(noon(daysAgo).getTime() - 12 * HOUR_MS) })));
  });

  test('takes the listener out of the audience of days that are frozen, and nobody else', async () => {
    await send([{ at: noon(5) }, { at: noon(5), ip: '198.51.100.78' }]);
    await countAll();
    // Two that know both listeners, each with another of them as its threshold, and one of somebody else.
    await rows(
      `INSERT INTO audience_sketches (tenant_id, podcast_id, episode_id, rule_set_id, day, series, evidence, listeners,
                                      unidentified, threshold, hashes)
       SELECT $1, gen_random_uuid(), $1, $1, date '2026-01-01', series, 'origin_bytes', listeners, 3, threshold, hashes
       FROM (SELECT 'a' AS series, 9 AS listeners, d.audience_a AS threshold, k.hashes
             FROM downloads d, (SELECT array_agg(audience_a ORDER BY audience_a) AS hashes FROM downloads WHERE tenant_id = $1) k
             WHERE d.tenant_id = $1
             UNION ALL SELECT 'b', 1, NULL, ARRAY[5]) s`,
    );
    await rows(`INSERT INTO raw_horizons VALUES ($1, date_trunc('day', now(), 'UTC') - interval '2 days')`);
    await rows(`DELETE FROM listener_events WHERE tenant_id = $1`);
    const { id } = await ask('erasure');
    await answerAll();
    expect((await find(id)).report.rows).toEqual({ downloads: 1, audience_sketches: 2 });
    const [left] = await rows<{ id: string }>(
      `SELECT audience_a AS id FROM downloads WHERE tenant_id = $1 AND audience_a IS NOT NULL`,
    );
    const scrubbed = { series: 'a', listeners: 8, unidentified: 4, threshold: left!.id, hashes: [left!.id] };
    expect(
      await rows(
        `SELECT series, listeners::integer, unidentified::integer, threshold, hashes FROM audience_sketches
         WHERE tenant_id = $1 ORDER BY series`,
      ),
    ).toEqual([
      scrubbed,
      scrubbed,
      { series: 'b', listeners: 1, unidentified: 3, threshold: null, hashes: ['5'] },
    ]);
  });

  test('is about what came before it, and nothing that the listener does later', async () => {
    await send([{ at: noon(1) }]);
    await ask('erasure');
    await send([{ at: new Date(Date.now() + 1_000) }]);
    await answerAll();
    const [left] = await rows(`SELECT count(*)::integer AS all, count(audience_a)::integer AS named
                               FROM listener_events WHERE tenant_id = $1`);
    expect(left).toEqual({ all: 2, named: 1 });
  });

  test('lets what the listener does later begin a window of its own', async () => {
    await useWindow('first_touch');
    const lastNight = new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS - 60_000);
    await send([{ at: lastNight }]);
    await ask('erasure');
    await send([{ at: new Date(Date.now() + 1_000) }]);
    await countAll();
    expect(await downloads()).toHaveLength(1);
    await answerAll();
    await countAll();
    expect(await downloads()).toHaveLength(1);
    expect(await recountEverything()).toBe(0);
  });

  test('finds listeners of imports by keys of their own, and by ids', async () => {
    await send([{ at: noon(3) }], randomUUID());
    await ask('erasure');
    await answerAll();
    expect(await rows(`SELECT FROM listener_events WHERE tenant_id = $1 AND audience_a IS NOT NULL`)).toEqual(
      [],
    );
    await send([{ at: noon(1) }, { at: noon(1), ip: '198.51.100.78' }]);
    const [some] = await rows<{ id: string }>(
      `SELECT min(audience_a)::text AS id FROM listener_events WHERE tenant_id = $1`,
    );
    await ask('erasure', { listenerIds: [some!.id] });
    await answerAll();
    expect(
      await rows(`SELECT FROM listener_events WHERE tenant_id = $1 AND audience_a IS NOT NULL`),
    ).toHaveLength(1);
  });

  test('touches no other tenant', async () => {
    const first = tenantId;
    await send([{}]);
    tenant = await createTestTenant(database, 'Other');
    tenantId = toTenantId(tenant.tenantId);
    await send([{}]);
    await ask('erasure');
    await answerAll();
    const named = `SELECT FROM listener_events WHERE tenant_id = $1 AND audience_a IS NOT NULL`;
    expect(await rows(named)).toEqual([]);
    tenantId = first;
    expect(await rows(named)).toHaveLength(1);
  });

  test('waits for a counter that is at work on the day', async () => {
    await send([{}]);
    const { id } = await ask('erasure');
    const counting = await database.owner.connect();
    try {
      await counting.query('BEGIN');
      await counting.query(
        `SELECT pg_advisory_xact_lock(hashtextextended($1::text || 'count' || $2::text, 0))`,
        [tenantId, utcDate(noon(1))],
      );
      await answerer.run(new Date(Date.now() + 61_000));
      expect((await find(id)).report).toMatchObject({ rows: {}, searchedBefore: null });
    } finally {
      await counting.query('COMMIT');
      counting.release();
    }
    await answerAll();
    expect((await find(id)).report.rows).toMatchObject({ listener_events: 1 });
  });

  test('tells answers made of downloads that they are no longer what they were', async () => {
    const version = async () =>
      Number(
        (await rows<{ version: string }>('SELECT version FROM aggregate_watermarks WHERE tenant_id = $1'))[0]
          ?.version,
      );
    await send([{}]);
    await countAll();
    const counted = await version();
    await ask('erasure');
    await answerAll();
    expect(await version()).toBeGreaterThan(counted);
  });

  test('done twice is as if done once', async () => {
    await send([{}, { ip: '198.51.100.78' }]);
    await ask('erasure');
    await answerAll();
    await countAll();
    const before = await rows(`SELECT * FROM listener_events WHERE tenant_id = $1 ORDER BY event_id`);
    const { id } = await ask('erasure');
    await answerAll();
    expect((await find(id)).report).toMatchObject({ rows: {}, days: [] });
    expect(await rows(`SELECT * FROM listener_events WHERE tenant_id = $1 ORDER BY event_id`)).toEqual(
      before,
    );
    expect(await countAll()).toBe(0);
  });
});

describe('what comes of an erased listener', () => {
  test('again is a duplicate, before and after the worker was there, and brings nothing back', async () => {
    const mine: Sent = {
      id: randomUUID(),
      userAgent: RARE_AGENT,
      sessionId: 's-9',
      referrer: 'https://r.example/9',
    };
    await send([mine]);
    await ask('erasure', { address: ADDRESS, userAgent: RARE_AGENT });
    // Another process, which has not seen the event before.
    store = new EventStore(connections.app);
    expect(await send([mine])).toEqual(['duplicate']);
    await answerAll();
    store = new EventStore(connections.app);
    expect(await send([mine])).toEqual(['duplicate']);
    expect(await send([{ ...mine, bytes: 5 }])).toEqual(['duplicate']);
    expect(
      await rows(
        `SELECT FROM listener_events WHERE tenant_id = $1 AND num_nonnulls(audience_a, user_agent_id, session_id) > 0`,
      ),
    ).toEqual([]);
    expect(await rows(`SELECT value FROM user_agents WHERE tenant_id = $1`)).toEqual([]);
    expect(await rows(`SELECT value FROM referrers WHERE tenant_id = $1`)).toEqual([]);
  });

  test('late is stored without them, and does not count', async () => {
    await keys.forDay(tenantId, noon(1));
    await ask('erasure', { address: ADDRESS, userAgent: RARE_AGENT });
    await answerAll();
    store = new EventStore(connections.app);
    expect(await send([{ userAgent: RARE_AGENT, sessionId: 's-9' }, {}])).toEqual(['accepted', 'accepted']);
    expect(
      await rows(
        `SELECT session_id FROM listener_events WHERE tenant_id = $1 AND payload_hash = 0 AND audience_a IS NULL`,
      ),
    ).toEqual([{ session_id: null }]);
    expect(await rows(`SELECT value FROM user_agents WHERE tenant_id = $1`)).toEqual([{ value: AGENT }]);
    await countAll();
    expect(await downloads()).toHaveLength(1);
  });
});

describe('the texts that only an erased listener sent', () => {
  test('go, and those that others send stay', async () => {
    await send([
      { userAgent: RARE_AGENT, referrer: 'https://only.example/mine' },
      { userAgent: RARE_AGENT, referrer: 'https://all.example/' },
      { ip: '198.51.100.78', referrer: 'https://all.example/' },
    ]);
    const { id } = await ask('erasure', { address: ADDRESS, userAgent: RARE_AGENT });
    await answerAll();
    expect(await rows(`SELECT value FROM user_agents WHERE tenant_id = $1`)).toEqual([{ value: AGENT }]);
    expect(await rows(`SELECT value FROM referrers WHERE tenant_id = $1`)).toEqual([
      { value: 'https://all.example/' },
    ]);
    const { report } = await find(id);
    expect(report.rows).toMatchObject({ user_agents: 1, referrers: 1 });
    expect(report.texts).toEqual({ user_agents: [], referrers: [], paths: [] });
  });

  test('stay when somebody is storing one of them at that moment', async () => {
    await send([{ userAgent: RARE_AGENT }]);
    const { id } = await ask('erasure', { address: ADDRESS, userAgent: RARE_AGENT });
    for (let steps = 1; steps > 0;) steps = (await answerer.run(new Date(Date.now() + 61_000))).rows;
    let finishing = Promise.resolve<unknown>(undefined);
    await connections.app.transaction(async (sql) => {
      await insertDictionary(sql, tenantId, 'user_agents', [{ id: hash64(RARE_AGENT), value: RARE_AGENT }]);
      await sql(
        `INSERT INTO listener_events (tenant_id, occurred_at, event_id, received_at, payload_hash, payload_hash_version,
                                      trusted_sender, event_type, user_agent_id)
         VALUES ($1, now(), gen_random_uuid(), now(), 1, 1, true, 'play', $2)`,
        [tenantId, hash64(RARE_AGENT)],
      );
      finishing = answerer.run(new Date(Date.now() + 300_000));
      await sleep(500);
    }, tenantContext(tenantId));
    await finishing;
    expect(await find(id)).toMatchObject({ state: 'done', report: { rows: { listener_events: 1 } } });
    expect(await rows(`SELECT value FROM user_agents WHERE tenant_id = $1`)).toEqual([{ value: RARE_AGENT }]);
  });
});
