import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createLogger } from '@lib/observability';
import { DAY_MS, toTenantId, utcDate, type TenantId } from '@lib/primitives';
import {
  connectTestDatabase,
  createTestDatabase,
  createTestTenant,
  type TestConnections,
  type TestDatabase,
} from '@lib/testing';
import type { RecountDifference } from '../domain/recount.js';
import { hash64 } from '../domain/hash-payload.js';
import { AgentLists } from './agent-lists.js';
import { AgentReader } from './agent-reader.js';
import { CountDownloads } from './count-downloads.js';
import { ExplainService } from './explain.service.js';
import { RecountRequests } from './recount-requests.js';
import { RecountsService } from './recounts.service.js';
import { RuleSetsService } from './rule-sets.service.js';

const APP = 'Overcast/3.0 (+http://overcast.fm/; iOS podcast app)';
const TODAY = new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS);
const LONG_AGO = new Date(TODAY.getTime() - 5 * DAY_MS);

let database: TestDatabase;
let connections: TestConnections;
let ruleSets: RuleSetsService;
let counter: CountDownloads;
let recounter: RecountRequests;
let recounts: RecountsService;
let explainer: ExplainService;
let tenantId: TenantId;
let episodeId: string;

beforeAll(async () => {
  database = await createTestDatabase();
  connections = connectTestDatabase(database);
  const { db, app, settings } = connections;
  const lists = new AgentLists();
  const agents = new AgentReader(lists);
  ruleSets = new RuleSetsService(db, lists);
  counter = new CountDownloads(db, ruleSets, agents, app, createLogger('silent'));
  recounter = new RecountRequests(db, ruleSets, agents, app, createLogger('silent'));
  recounts = new RecountsService(db, ruleSets, settings);
  explainer = new ExplainService(db, ruleSets, agents);
});
afterAll(async () => {
  await connections.close();
  await database.drop();
});
beforeEach(async () => {
  const tenant = await createTestTenant(database, 'Tenant', 1);
  tenantId = toTenantId(tenant.tenantId);
  episodeId = tenant.episodeIds[0] ?? '';
  // One minute is 2,000 bytes: 1,000 of the header and a ninth of 9,000.
  await setFile({ media_bytes: 10_000, header_bytes: 1_000, duration_seconds: 540 });
});

const run = <T>(work: () => Promise<T>): Promise<T> => connections.db.run(tenantId, work);
const sql = (text: string, ...more: unknown[]) =>
  run(() => connections.db.current.sql<Record<string, unknown>>(text, [tenantId, ...more]));

/** Changes what is known of the episode's file, as whoever may write episodes does. */
function setFile(file: Record<string, number>): Promise<unknown> {
  const columns = Object.keys(file).map((column, index) => `${column} = $${index + 3}`);
  return sql(
    `UPDATE episodes SET ${columns.join(', ')} WHERE tenant_id = $1 AND id = $2`,
    episodeId,
    ...Object.values(file),
  );
}

/** A header of 4,000 bytes: one minute is 4,667 bytes from now on. */
const growHeader = () => setFile({ header_bytes: 4_000 });

function newEpisode(id: string, bytes: number | null): Promise<unknown> {
  return sql(
    `INSERT INTO episodes (tenant_id, id, podcast_id, guid, title, media_bytes)
     SELECT $1, $2, id, $2::uuid::text, 'New', $3 FROM podcasts WHERE tenant_id = $1`,
    id,
    bytes,
  );
}

/** A request at noon for the first `bytes` of the file, and the mark that comes with it. */
async function request(day: Date, address: string, bytes: number): Promise<void> {
  const at = new Date(day.getTime() + DAY_MS / 2);
  const key = (date: Date) => hash64(`${utcDate(date)} ${address}`);
  await database.owner.query(
    `WITH agent AS (INSERT INTO user_agents VALUES ($1, $2, $3) ON CONFLICT DO NOTHING), event AS (
       INSERT INTO listener_events (tenant_id, occurred_at, event_id, episode_id, received_at, payload_hash, user_agent_id,
         count_id_today, count_id_yesterday, address_day_id, bytes_sent, status, payload_hash_version, trusted_sender,
         event_type, method)
       VALUES ($1, $4, $5, $6, now(), 1, $2, $7, $8, $7, $9, 200, 1, true, 'download_request', 'GET')
     )
     INSERT INTO dirty_buckets (tenant_id, kind, bucket) VALUES ($1, 'count', $4)`,
    [
      tenantId,
      hash64(APP),
      APP,
      at,
      randomUUID(),
      episodeId,
      key(at),
      key(new Date(at.getTime() - DAY_MS)),
      bytes,
    ],
  );
}

async function count(): Promise<void> {
  for (let days = 1; days > 0;) {
    const report = await counter.run();
    expect(report).toMatchObject({ failed: 0, busy: 0 });
    ({ days } = report);
  }
}

/** Bytes of the downloads of a day that are shown. */
async function shown(day: Date): Promise<number[]> {
  const rows = await sql(
    `SELECT d.bytes::integer AS bytes FROM downloads d
     JOIN counted_days c ON c.tenant_id = $1 AND c.day = d.settled_day AND c.rule_set_id = d.rule_set_id
     WHERE d.tenant_id = $1 AND d.settled_day = $2 ORDER BY 1`,
    utcDate(day),
  );
  return rows.map(({ bytes }) => Number(bytes));
}

async function explained(day: Date): Promise<number | undefined> {
  const range = { from: utcDate(day), to: utcDate(new Date(day.getTime() + DAY_MS)) };
  const question = { ...range, podcastId: null, episodeId: null, window: null };
  const { funnels } = await run(() => explainer.answer(question));
  return funnels[0]?.counted;
}

async function recount(day: Date): Promise<string> {
  const basis = await run(() => ruleSets.ofDay(utcDate(day)));
  const asked = { ruleSetId: basis?.ruleSet.id ?? '', firstDay: utcDate(day), lastDay: utcDate(day) };
  return (await run(() => recounts.request(asked, 'test'))).id;
}

async function differences(id: string): Promise<RecountDifference[]> {
  for (let days = 1; days > 0;) ({ rows: days } = await recounter.run());
  return (await run(() => recounts.find(id))).differences;
}

const history = () =>
  sql(
    `SELECT media_bytes::integer AS bytes, header_bytes::integer AS header, duration_seconds AS seconds
     FROM episode_files WHERE tenant_id = $1 ORDER BY known_from`,
  );

describe('the history of a file', () => {
  const FIRST = { bytes: 10_000, header: 1_000, seconds: 540 };

  test('has a row for each change of it and for nothing else', async () => {
    await sql(`UPDATE episodes SET title = 'Another', segment_ms = 4000 WHERE tenant_id = $1`);
    await growHeader();
    await growHeader();
    expect(await history()).toEqual([FIRST, { ...FIRST, header: 4_000 }]);
  });

  test('keeps of the changes of one transaction what they came to', async () => {
    await run(async () => {
      for (const bytes of [20_000, 30_000])
        await connections.db.current.sql('UPDATE episodes SET media_bytes = $2 WHERE tenant_id = $1', [
          tenantId,
          bytes,
        ]);
    });
    expect(await history()).toEqual([FIRST, { ...FIRST, bytes: 30_000 }]);
  });

  test('ends with what is known now, in whatever order transactions began', async () => {
    const early = await database.owner.connect();
    try {
      await early.query('BEGIN');
      await early.query(
        `INSERT INTO episodes (tenant_id, id, podcast_id, guid, title, media_bytes)
         SELECT tenant_id, gen_random_uuid(), podcast_id, 'other', 'other', 1 FROM episodes WHERE id = $1`,
        [episodeId],
      );
      await growHeader();
      await early.query('UPDATE episodes SET header_bytes = 5000 WHERE id = $1', [episodeId]);
      await early.query('COMMIT');
    } finally {
      early.release();
    }
    const rows = await sql(
      `SELECT header_bytes::integer AS header FROM episode_files WHERE tenant_id = $1 AND episode_id = $2
       ORDER BY known_from DESC LIMIT 1`,
      episodeId,
    );
    expect(rows).toEqual([{ header: 5_000 }]);
  });

  test('goes with its episode', async () => {
    await sql('DELETE FROM episodes WHERE tenant_id = $1');
    expect(await history()).toEqual([]);
  });
});

describe('a day that is over', () => {
  test('judges late requests by the sizes it was counted with, and nobody else anew', async () => {
    await request(LONG_AGO, 'a', 3_000);
    await count();
    await growHeader();
    await count();
    expect(await shown(LONG_AGO)).toEqual([3_000]);
    // From another address, and from the one that would lose its download.
    await request(LONG_AGO, 'b', 3_500);
    await request(LONG_AGO, 'a', 1_500);
    await count();
    expect(await shown(LONG_AGO)).toEqual([3_000, 3_500]);
    expect(await explained(LONG_AGO)).toBe(2);
  });

  test('knows files as when it was first counted, not as when it was', async () => {
    await growHeader();
    await request(LONG_AGO, 'a', 3_000);
    await request(LONG_AGO, 'b', 5_000);
    await count();
    expect(await shown(LONG_AGO)).toEqual([5_000]);
  });

  test('knows a file as when the first request of the day for it came in, where that is later', async () => {
    await request(LONG_AGO, '192.0.2.1', 10_000);
    await count();
    episodeId = randomUUID();
    await newEpisode(episodeId, null);
    await setFile({ media_bytes: 10_000, header_bytes: 1_000, duration_seconds: 540 });
    await growHeader();
    await request(LONG_AGO, '192.0.2.2', 3_000);
    await request(LONG_AGO, '192.0.2.3', 5_000);
    await count();
    expect(await shown(LONG_AGO)).toEqual([5_000, 10_000]);
    await setFile({ header_bytes: 1_000 });
    await request(LONG_AGO, '192.0.2.4', 3_000);
    await count();
    expect([await shown(LONG_AGO), await explained(LONG_AGO)]).toEqual([[5_000, 10_000], 2]);
  });

  test('takes the first that is known of an episode that comes later than its requests', async () => {
    await request(LONG_AGO, 'a', 3_000);
    await count();
    await sql('DELETE FROM episodes WHERE tenant_id = $1');
    await sql(
      `INSERT INTO episodes (tenant_id, id, podcast_id, guid, title, media_bytes, header_bytes, duration_seconds)
       SELECT $1, $2, id, 'late', 'late', 10000, 1000, 540 FROM podcasts WHERE tenant_id = $1`,
      episodeId,
    );
    await growHeader();
    await request(LONG_AGO, 'b', 2_500);
    await count();
    expect(await shown(LONG_AGO)).toEqual([2_500, 3_000]);
  });

  test('takes the first that is known of a file, where nothing was when the day was first counted', async () => {
    const other = randomUUID();
    await newEpisode(other, null);
    await request(LONG_AGO, 'a', 3_000);
    await count();
    episodeId = other;
    await setFile({ media_bytes: 10_000 });
    await request(LONG_AGO, 'b', 10_000);
    await count();
    expect(await shown(LONG_AGO)).toEqual([3_000, 10_000]);
  });

  test('stays with nothing where requests were judged by that', async () => {
    episodeId = randomUUID();
    await newEpisode(episodeId, null);
    await request(LONG_AGO, 'a', 10_000);
    await count();
    await setFile({ media_bytes: 10_000 });
    await request(LONG_AGO, 'b', 10_000);
    await count();
    expect(await shown(LONG_AGO)).toEqual([]);
    expect(await differences(await recount(LONG_AGO))).toMatchObject([
      {
        outcomeBefore: 'below_threshold',
        outcomeAfter: 'counted',
        cause: 'episode_file_changed',
        requests: 2,
      },
    ]);
  });

  test('waits to be counted for a change that is under way, and knows it then', async () => {
    await request(LONG_AGO, 'a', 3_000);
    const writer = await database.owner.connect();
    try {
      await writer.query('BEGIN');
      await writer.query('UPDATE episodes SET header_bytes = 4000 WHERE tenant_id = $1', [tenantId]);
      const counted = count();
      await somebodyWaits();
      await writer.query('COMMIT');
      await counted;
    } finally {
      writer.release();
    }
    expect(await shown(LONG_AGO)).toEqual([]);
    await request(LONG_AGO, 'b', 3_000);
    await count();
    expect(await shown(LONG_AGO)).toEqual([]);
  });
});

describe('a running day', () => {
  test('follows what becomes known of a file, for whoever asked for it already', async () => {
    await request(TODAY, 'a', 3_000);
    await request(TODAY, 'b', 5_000);
    await count();
    expect(await shown(TODAY)).toEqual([3_000, 5_000]);
    await growHeader();
    await count();
    expect(await shown(TODAY)).toEqual([5_000]);
    expect(await explained(TODAY)).toBe(1);
  });

  test('counts nobody again for an episode that is new', async () => {
    await request(TODAY, 'a', 3_000);
    await count();
    await newEpisode(randomUUID(), 10_000);
    expect(await counter.run()).toMatchObject({ days: 1, rows: 0 });
  });

  test('follows the first that becomes known of a file, too', async () => {
    episodeId = randomUUID();
    await newEpisode(episodeId, null);
    await request(TODAY, 'a', 10_000);
    await count();
    expect(await shown(TODAY)).toEqual([]);
    await setFile({ media_bytes: 10_000 });
    await count();
    expect(await shown(TODAY)).toEqual([10_000]);
  });
});

describe('a recount', () => {
  const lost = {
    day: utcDate(LONG_AGO),
    outcomeBefore: 'counted',
    outcomeAfter: 'below_threshold',
    cause: 'episode_file_changed',
    requests: 1,
  };

  test('under the rules that are shown brings in what became known, and late requests follow it', async () => {
    await request(LONG_AGO, 'a', 3_000);
    await request(LONG_AGO, 'b', 5_000);
    await count();
    await growHeader();
    const id = await recount(LONG_AGO);
    expect(await differences(id)).toMatchObject([lost]);
    expect(await shown(LONG_AGO)).toEqual([3_000, 5_000]);
    await run(() => recounts.apply(id, 'test'));
    await setFile({ header_bytes: 1_000 });
    await request(LONG_AGO, 'c', 3_000);
    await request(LONG_AGO, 'd', 6_000);
    await count();
    expect(await shown(LONG_AGO)).toEqual([5_000, 6_000]);
    expect(await explained(LONG_AGO)).toBe(2);
  });

  test('knows files as when it was asked for, however late it is counted', async () => {
    await request(LONG_AGO, 'a', 3_000);
    await count();
    await growHeader();
    const id = await recount(LONG_AGO);
    await setFile({ header_bytes: 1_000 });
    expect(await differences(id)).toMatchObject([lost]);
  });

  test('leaves the numbers that are shown alone until then, whoever comes late', async () => {
    await request(LONG_AGO, 'a', 3_000);
    await count();
    await growHeader();
    await differences(await recount(LONG_AGO));
    await request(LONG_AGO, 'b', 3_500);
    await count();
    expect(await shown(LONG_AGO)).toEqual([3_000, 3_500]);
  });

  test('of a running day goes on following files once it is applied', async () => {
    await request(TODAY, 'a', 3_000);
    await request(TODAY, 'b', 5_000);
    await count();
    const id = await recount(TODAY);
    expect(await differences(id)).toEqual([]);
    await run(() => recounts.apply(id, 'test'));
    await count();
    await growHeader();
    await count();
    expect(await shown(TODAY)).toEqual([5_000]);
  });
});

/** Until a connection of this database waits for an advisory lock. */
async function somebodyWaits(): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const { rowCount } = await database.owner.query(
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'`,
    );
    if ((rowCount ?? 0) > 0) return;
    await sleep(25);
  }
  throw new Error('nobody came to wait');
}
