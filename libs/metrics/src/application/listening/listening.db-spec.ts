import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createLogger } from '@lib/observability';
import { DAY_MS, floorTime, HOUR_MS, SLICE_MS, toTenantId } from '@lib/primitives';
import {
  connectTestDatabase,
  createTestDatabase,
  createTestTenant,
  type TestConnections,
  type TestDatabase,
  type TestTenant,
} from '@lib/testing';
import { PLAYER_TYPES, type PlayerEvent } from '../../domain/listening/heard-stretch.js';
import { addStretch, BIN_MS } from '../../domain/listening/position-bins.js';
import { readSession } from '../../domain/listening/read-session.js';
import { RecentTenants } from '../recent-tenants.js';
import { ReconcileAggregates } from '../reconcile-aggregates.js';
import { RefreshAggregates } from '../refresh-aggregates.js';
import { RefreshListening } from './refresh-listening.js';

/** An event as it is stored: of a player, or of an ad. */
interface Told extends Omit<PlayerEvent, 'type'> {
  type: string;
  episodeId: string;
  sessionId: string | null;
  placementId: string | null;
}

let database: TestDatabase;
let connections: TestConnections;
let refresh: RefreshAggregates;
let listening: RefreshListening;
let reconcile: ReconcileAggregates;
let tenant: TestTenant;

const NOTHING = '00000000-0000-0000-0000-000000000000';
/** Two hours before the end of a day and of a month. */
const START = Date.parse('2026-03-31T22:00:00Z');
const logger = createLogger('silent');

beforeAll(async () => {
  database = await createTestDatabase();
  await database.owner.query(`SELECT ensure_partitions('2026-03-23', '2026-04-13')`);
  connections = connectTestDatabase(database);
  refresh = new RefreshAggregates(connections.db, connections.app, logger, new RecentTenants());
  listening = new RefreshListening(connections.db, connections.app, logger);
  reconcile = new ReconcileAggregates(connections.db, new RecentTenants(), logger);
});
afterAll(async () => {
  await connections.close();
  await database.drop();
});
beforeEach(async () => {
  tenant = await createTestTenant(database, 'Tenant', 2);
});

async function store(events: readonly Told[], tenantId = tenant.tenantId): Promise<void> {
  await database.owner.query(
    `WITH stored AS (
       INSERT INTO listener_events (tenant_id, occurred_at, event_id, episode_id, received_at, payload_hash,
                                    payload_hash_version, trusted_sender, event_type, session_id, position_ms, placement_id)
       SELECT $1, to_timestamp(at / 1000.0), id, episode, now(), 0, 1, false, type, session, position, placement
       FROM unnest($2::bigint[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::integer[], $8::uuid[])
         AS e (at, id, episode, type, session, position, placement)
       ORDER BY at, id ON CONFLICT DO NOTHING RETURNING occurred_at
     )
     INSERT INTO dirty_buckets (tenant_id, kind, bucket)
     SELECT DISTINCT $1::uuid, 'slice', date_bin('5 minutes', occurred_at, 'epoch') FROM stored`,
    [
      tenantId,
      events.map(({ at }) => at),
      events.map(({ id }) => id),
      events.map(({ episodeId }) => episodeId),
      events.map(({ type }) => type),
      events.map(({ sessionId }) => sessionId),
      events.map(({ positionMs }) => positionMs),
      events.map(({ placementId }) => placementId),
    ],
  );
}

async function refreshAll(): Promise<number> {
  let rows = 0;
  for (const job of [refresh, listening])
    for (let more = true; more;) {
      const report = await job.run();
      expect(report).toMatchObject({ failed: 0, busy: 0 });
      rows += report.rows;
      more = report.days > 0;
    }
  return rows;
}

const change = (text: string, ...params: unknown[]) =>
  database.owner.query<Record<string, unknown>>(text, [tenant.tenantId, ...params]);

function told(type: string, at: number | string, positionMs: number | null, more: Partial<Told> = {}): Told {
  return {
    id: randomUUID(),
    type,
    at: typeof at === 'string' ? Date.parse(at) : at,
    positionMs,
    episodeId: tenant.episodeIds[0]!,
    sessionId: 'session',
    placementId: null,
    ...more,
  };
}

const pick = (count: number) => Math.floor(Math.random() * count);

/** A session of 40 events at a listener's pace, with jumps, pauses, ties, gaps and positions that nobody told. */
function randomSession(index: number): Told[] {
  const more = { episodeId: tenant.episodeIds[pick(2)]!, sessionId: `session ${index % 5}` };
  let [at, position] = [START + pick(3 * HOUR_MS), pick(2_000_000)];
  return Array.from({ length: 40 }, () => {
    const [passed, speed] = [
      [0, 10_000, 30_000, 250_000, 320_000][pick(5)]! + pick(900),
      [1, 1, 2, 4][pick(4)]!,
    ];
    at += passed;
    position += pick(12) === 0 ? pick(90_000) - 45_000 : passed * speed;
    const positionMs = pick(15) === 0 ? null : pick(60) === 0 ? 86_399_000 : Math.max(0, position);
    const isAd = pick(10) === 0;
    const type = isAd ? 'ad_play' : pick(3) > 0 ? 'progress' : PLAYER_TYPES[pick(6)]!;
    return told(type, at, positionMs, { ...more, placementId: isAd ? tenant.podcastId : null });
  });
}

const GRAINS = {
  slice: (at: number) => floorTime(new Date(at), SLICE_MS),
  hour: (at: number) => floorTime(new Date(at), HOUR_MS),
  day: (at: number) => floorTime(new Date(at), DAY_MS),
  month: (at: number) => new Date(new Date(at).toISOString().slice(0, 7)),
};

/** Rows as `grain bucket episode kind placement bin` → amount, read session by session. */
function readByHand(events: readonly Told[]): Map<string, number> {
  const amounts = new Map<string, number>();
  const add = (at: number, row: string, amount: number) => {
    for (const [grain, startOf] of Object.entries(GRAINS)) {
      const key = `${grain} ${startOf(at).toISOString()} ${row}`;
      amounts.set(key, (amounts.get(key) ?? 0) + amount);
    }
  };
  const sessions = new Map<string, PlayerEvent[]>();
  for (const { type, positionMs, episodeId, sessionId, placementId, ...event } of events) {
    const playerType = PLAYER_TYPES.find((one) => one === type);
    if (playerType === undefined && placementId !== null && positionMs !== null)
      add(event.at, `${episodeId} ad ${placementId} ${Math.floor(positionMs / BIN_MS)}`, 1);
    if (playerType === undefined || sessionId === null) continue;
    const key = `${episodeId} ${sessionId}`;
    sessions.set(key, [...(sessions.get(key) ?? []), { ...event, type: playerType, positionMs }]);
  }
  for (const [key, all] of sessions) {
    const episodeId = key.slice(0, 36);
    const { heard, starts } = readSession(all);
    for (const stretch of heard) {
      const bins = new Map<number, number>();
      addStretch(bins, stretch);
      for (const [bin, ms] of bins) add(stretch.at, `${episodeId} heard ${NOTHING} ${bin}`, ms);
    }
    for (const { at, positionMs } of starts)
      add(at, `${episodeId} start ${NOTHING} ${Math.floor(positionMs / BIN_MS)}`, 1);
  }
  return amounts;
}

/** What is stored, in the form of `readByHand`. */
async function stored(tenantId = tenant.tenantId): Promise<Map<string, number>> {
  const { rows } = await database.owner.query<{ key: string; amount: string }>(
    `SELECT concat_ws(' ', grain, to_char(bucket AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), episode_id, kind,
                      placement_id, u.bin) AS key, u.amount
     FROM listening_positions p, unnest(p.bins, p.amounts) AS u (bin, amount) WHERE tenant_id = $1`,
    [tenantId],
  );
  return new Map(rows.map(({ key, amount }) => [key, Number(amount)]));
}

/** Whether `listen_time` of every grain, and its totals, are the sums of what was heard. */
async function expectListenTime(events: readonly Told[]): Promise<void> {
  const sums = new Map<string, number>();
  for (const [key, amount] of readByHand(events)) {
    const [grain, bucket, episodeId, kind] = key.split(' ');
    if (kind !== 'heard') continue;
    for (const scope of [episodeId, tenant.podcastId, NOTHING])
      sums.set(`${grain} ${bucket} ${scope}`, (sums.get(`${grain} ${bucket} ${scope}`) ?? 0) + amount);
  }
  const { rows } = await change(
    `SELECT concat_ws(' ', grain, to_char(bucket AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), scope) AS key, value
     FROM (SELECT tenant_id, grain, bucket, episode_id AS scope, metric, evidence, value FROM listener_metrics
           UNION ALL
           SELECT tenant_id, grain, bucket, podcast_id, metric, evidence, value FROM listener_totals) rows
     WHERE tenant_id = $1 AND metric = 'listen_time' AND evidence = 'client_confirmed' AND value <> 0`,
  );
  expect(new Map(rows.map(({ key, value }) => [key, Number(value)]))).toEqual(sums);
}

describe('listening', () => {
  test('equals sessions read by hand after disordered, late and repeated events over a midnight', async () => {
    const events = Array.from({ length: 30 }, (_, index) => randomSession(index))
      .flat()
      .sort(() => Math.random() - 0.5);
    for (let first = 0; first < events.length; first += 300) {
      await store([
        ...events.slice(first, first + 300),
        ...events.slice(0, first).filter((_, n) => n % 7 === 0),
      ]);
      if (first === 300) await refresh.run();
      if (first === 600) await refreshAll();
    }
    await refreshAll();
    const expected = readByHand(events);
    expect(expected.size).toBeGreaterThan(500);
    expect(await stored()).toEqual(expected);
    await expectListenTime(events);
    await change(
      `INSERT INTO dirty_buckets (tenant_id, kind, bucket) SELECT $1, 'slice', s
       FROM generate_series('2026-03-31T22:00Z'::timestamptz, '2026-04-01T05:00Z', interval '5 minutes') s`,
    );
    const versions = () =>
      change('SELECT xmin::text, ctid::text FROM listening_positions WHERE tenant_id = $1 ORDER BY 1, 2');
    const before = (await versions()).rows;
    expect(await refreshAll()).toBe(0);
    expect((await versions()).rows).toEqual(before);
    for (const hour of ['2026-03-31T23:00Z', '2026-04-01T00:00Z'])
      expect(await reconcile.check(toTenantId(tenant.tenantId), new Date(hour))).toBe(0);
  });

  test('of the first slice of a day follows an event that comes in late on the day before', async () => {
    const first = told('play', '2026-03-31T23:58:00Z', 0);
    const late = told('pause', '2026-03-31T23:59:50Z', 110_000);
    const last = told('progress', '2026-04-01T00:00:20Z', 140_000);
    await store([first, last]);
    await refreshAll();
    expect(await stored()).toEqual(readByHand([first, last]));
    await store([late]);
    await refreshAll();
    expect(await stored()).toEqual(readByHand([first, late, last]));
    await expectListenTime([first, late, last]);
  });

  test('loses what an erasure takes the session from, also in the slice after it', async () => {
    const events = [
      told('play', '2026-03-31T10:04:00Z', 0),
      told('progress', '2026-03-31T10:06:00Z', 120_000),
    ];
    const kept = [told('play', '2026-03-31T10:04:00Z', 0, { sessionId: 'kept' })];
    await store([...events, ...kept]);
    await refreshAll();
    expect(await stored()).toEqual(readByHand([...events, ...kept]));
    await change(
      `UPDATE listener_events SET session_id = NULL WHERE tenant_id = $1 AND event_id = $2`,
      events[0]!.id,
    );
    await change(
      `INSERT INTO dirty_buckets (tenant_id, kind, bucket) VALUES ($1, 'slice', '2026-03-31T10:00Z')`,
    );
    await refreshAll();
    expect(await stored()).toEqual(readByHand([events[1]!, ...kept]));
    await expectListenTime([]);
  });

  test('of which raw events are gone, or those before it, stays as it is', async () => {
    const events = [
      told('play', '2026-03-31T23:58:00Z', 0),
      told('progress', '2026-03-31T23:59:00Z', 60_000),
      told('progress', '2026-04-01T00:01:00Z', 180_000),
      told('progress', '2026-04-01T00:06:00Z', 480_000),
    ];
    await store(events);
    await refreshAll();
    await change(`INSERT INTO raw_horizons (tenant_id, raw_from) VALUES ($1, '2026-04-01T00:00Z')`);
    await change(`DELETE FROM listener_events WHERE tenant_id = $1 AND occurred_at < '2026-04-01T00:00Z'`);
    await change(
      `INSERT INTO dirty_buckets (tenant_id, kind, bucket)
       SELECT $1, 'slice', s FROM generate_series('2026-03-31T23:50Z'::timestamptz, '2026-04-01T00:10Z', interval '5 minutes') s`,
    );
    await refreshAll();
    expect(await stored()).toEqual(readByHand(events));
    await expectListenTime(events);
  });

  test('of a month loses nothing when its days are refreshed at once', async () => {
    const days = [1, 2, 3, 4].map((day) => Date.parse(`2026-04-0${day}T10:00:00Z`) - START);
    const events = days.flatMap((offset) =>
      Array.from({ length: 8 }, (_, index) => randomSession(index)).flatMap((session) =>
        session.map((event) => ({ ...event, at: event.at + offset })),
      ),
    );
    await store(events);
    await refresh.run();
    const refreshers = [1, 2, 3].map(() => new RefreshListening(connections.db, connections.app, logger));
    const reports = await Promise.all(refreshers.map((one) => one.run()));
    expect(reports.map(({ failed }) => failed)).toEqual([0, 0, 0]);
    await refreshAll();
    expect(await stored()).toEqual(readByHand(events));
    await expectListenTime(events);
  });

  test('of one tenant joins no session of another of the same name', async () => {
    const other = await createTestTenant(database, 'Other', 1);
    const mine = [told('play', '2026-03-31T10:00:00Z', 0), told('progress', '2026-03-31T10:01:00Z', 60_000)];
    const theirs = [told('pause', '2026-03-31T10:00:30Z', 0, { episodeId: other.episodeIds[0]! })];
    await store(mine);
    await store(theirs, other.tenantId);
    await refreshAll();
    expect(await stored()).toEqual(readByHand(mine));
    expect(await stored(other.tenantId)).toEqual(new Map());
  });
});

describe('the reconciler', () => {
  const HOUR = new Date('2026-03-31T10:00:00Z');

  test.each([
    [
      'a slice',
      `UPDATE listening_positions SET amounts = '{1, 2}', bins = '{0, 1}' WHERE tenant_id = $1 AND grain = 'slice'`,
    ],
    ['an hour', `DELETE FROM listening_positions WHERE tenant_id = $1 AND grain = 'hour' AND kind = 'heard'`],
    [
      'a day',
      `UPDATE listening_positions SET amounts = '{}', bins = '{}' WHERE tenant_id = $1 AND grain = 'day'`,
    ],
    ['a month', `DELETE FROM listening_positions WHERE tenant_id = $1 AND grain = 'month'`],
    [
      'listen time',
      `UPDATE listener_metrics SET value = 7 WHERE tenant_id = $1 AND metric = 'listen_time' AND grain = 'slice'`,
    ],
    [
      'no listen time',
      `DELETE FROM listener_metrics WHERE tenant_id = $1 AND metric = 'listen_time' AND grain = 'slice'`,
    ],
  ])('finds and repairs %s that is wrong', async (_, damage) => {
    const events = [
      told('play', '2026-03-31T10:04:00Z', 0),
      told('progress', '2026-03-31T10:06:00Z', 120_000),
    ];
    await store(events);
    await refreshAll();
    const check = () => reconcile.check(toTenantId(tenant.tenantId), HOUR);
    expect(await check()).toBe(0);
    await change(damage);
    expect(await check()).toBeGreaterThan(0);
    expect(await stored()).toEqual(readByHand(events));
    await expectListenTime(events);
    expect(await check()).toBe(0);
  });

  test('takes what waits to be read for no fault, and leaves nothing of it behind', async () => {
    const begin = [
      told('play', '2026-03-31T10:04:00Z', 0),
      told('progress', '2026-03-31T10:06:00Z', 120_000),
    ];
    const late = [told('progress', '2026-03-31T10:07:00Z', 180_000)];
    await store(begin);
    await refreshAll();
    await store(late);
    expect(await reconcile.check(toTenantId(tenant.tenantId), HOUR)).toBe(0);
    await refreshAll();
    expect(await stored()).toEqual(readByHand([...begin, ...late]));
    await expectListenTime([...begin, ...late]);
    expect(await reconcile.check(toTenantId(tenant.tenantId), HOUR)).toBe(0);
  });
});
