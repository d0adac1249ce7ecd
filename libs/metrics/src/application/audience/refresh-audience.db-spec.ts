import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Sql } from '@lib/database';
import { createLogger } from '@lib/observability';
import { DAY_MS, utcDate } from '@lib/primitives';
import {
  connectTestDatabase,
  createTestDatabase,
  createTestRuleSet,
  createTestTenant,
  SeededRandom,
  showTestDays,
  storeTestListening,
  testAudienceIds,
  type TestConnections,
  type TestDatabase,
  type TestListening,
  type TestTenant,
} from '@lib/testing';
import { estimateAudience, shareBelow } from '../../domain/audience/estimate-audience.js';
import { audienceOverlaps } from '../../infrastructure/audience/audience-overlaps.sql.js';
import { NO_FILTER, type AudienceSet, type Show } from '../../infrastructure/audience/audience-sets.js';
import { audienceUnions } from '../../infrastructure/audience/audience-unions.sql.js';
import { rebuildAudience } from '../../infrastructure/audience/rebuild-audience.sql.js';
import { RefreshAudience } from './refresh-audience.js';

const START = Date.parse('2026-03-02T00:00:00Z');
const day = (n: number) => new Date(START + n * DAY_MS);
const NETWORK: Show = { podcastId: null, episodeId: null };

let database: TestDatabase;
let connections: TestConnections;
let refresh: RefreshAudience;
let tenant: TestTenant;
let ruleSet: string;

beforeAll(async () => {
  database = await createTestDatabase();
  connections = connectTestDatabase(database, { STATEMENT_TIMEOUT_MS: '60000' });
  refresh = new RefreshAudience(connections.db, connections.app, createLogger('silent'));
});
afterAll(async () => {
  await connections.close();
  await database.drop();
});
beforeEach(async () => {
  tenant = await createTestTenant(database, 'Tenant', 4);
  ruleSet = await createTestRuleSet(database, tenant.tenantId, '1.0.0');
});

const run = <T>(work: (sql: Sql) => Promise<T>) =>
  connections.db.run(tenant.tenantId, () => work(connections.db.current.sql));
const query = async <Row extends object>(text: string, ...params: unknown[]) =>
  (await database.owner.query<Row>(text, [tenant.tenantId, ...params])).rows;

async function store(rows: readonly TestListening[], days: readonly number[]): Promise<void> {
  await storeTestListening(database, tenant.tenantId, 90, rows);
  await showTestDays(
    database,
    tenant.tenantId,
    ruleSet,
    days.map((n) => utcDate(day(n))),
  );
}

function listening(n: number, episode: number, listener: number | null): TestListening {
  return {
    ruleSetId: ruleSet,
    at: new Date(START + n * DAY_MS + 3_600_000),
    podcastId: tenant.podcastId,
    episodeId: tenant.episodeIds[episode]!,
    listener,
    evidence: 'origin_bytes',
  };
}

/** The listeners of some shows on UTC days, `from` included and `to` not. */
function setOf(shows: readonly Show[], from: number, to: number): AudienceSet {
  const range = { from: day(from).getTime(), to: day(to).getTime() };
  return {
    evidence: 'origin_bytes',
    shows,
    part: { key: 'k', series: 'a', ranges: [range], periodFrom: START },
  };
}
const union = async (set: AudienceSet) =>
  (await run((sql) => audienceUnions(sql, connections.db.current.tenantId, [set], NO_FILTER))).get(set)!;

describe('sketches', () => {
  /** What is known of a set of listeners, as a model: the lowest ids, and below which all are known. */
  interface Sketch {
    ids: Set<bigint>;
    threshold: bigint | null;
  }
  const SIZE = 30;
  const idOf = (listener: number) => BigInt(testAudienceIds(listener, day(0), 90).a);
  function sketch(listeners: Iterable<number>): Sketch {
    const ids = [...new Set(listeners)].map(idOf).sort((a, b) => (a < b ? -1 : 1));
    return { ids: new Set(ids.slice(0, SIZE)), threshold: ids.length > SIZE ? ids[SIZE - 1]! : null };
  }
  function merge(a: Sketch, b: Sketch): Sketch {
    const thresholds = [a, b].flatMap(({ threshold }) => (threshold === null ? [] : [threshold]));
    const threshold = thresholds.reduce<bigint | null>((low, t) => (low === null || t < low ? t : low), null);
    const ids = [...a.ids, ...b.ids].filter((id) => threshold === null || id < threshold);
    return { ids: new Set(ids), threshold };
  }
  const sizeOf = ({ ids, threshold }: Sketch) =>
    estimateAudience({ kept: ids.size, share: shareBelow(threshold === null ? null : String(threshold)) });

  test('merge in any order and grouping, again and again, to what all that they saw come to', async () => {
    const random = new SeededRandom(7, 'sketches');
    // Few listeners of some episodes and many of others: whole sketches and cut ones meet.
    const seen = Array.from({ length: 5 * 4 }, (_, cell) =>
      Array.from({ length: random.integer(0, (cell % 4) * 40) }, () => random.integer(0, 300)),
    );
    const rows = seen.flatMap((listeners, cell) =>
      listeners.map((listener) => listening(Math.floor(cell / 4), cell % 4, listener)),
    );
    await store(rows, [0, 1, 2, 3, 4]);
    await query('DELETE FROM dirty_buckets WHERE tenant_id = $1');
    for (let n = 0; n < 5; n += 1)
      await run((sql) => rebuildAudience(sql, connections.db.current.tenantId, day(n), SIZE));
    for (let question = 0; question < 60; question += 1) {
      const from = random.integer(0, 4);
      const to = random.integer(from + 1, 5);
      const episodes = random.shuffle([0, 1, 2, 3]).slice(0, random.integer(1, 4));
      const cells = seen.filter(
        (_, cell) => cell >= from * 4 && cell < to * 4 && episodes.includes(cell % 4),
      );
      const sketches = random.shuffle([...cells, ...cells.slice(0, 2)]).map(sketch);
      while (sketches.length > 1) sketches.push(merge(sketches.shift()!, sketches.shift()!));
      const merged = sizeOf(sketches[0]!);
      const truth = new Set(cells.flat()).size;
      const shows = episodes.map((n) => ({ podcastId: tenant.podcastId, episodeId: tenant.episodeIds[n]! }));
      const { size } = await union(setOf(random.shuffle([...shows, ...shows]), from, to));
      expect(size).toEqual(merged);
      if (size.exact) expect(size.listeners).toBe(truth);
      if (cells.every((cell) => new Set(cell).size <= SIZE)) expect(size.exact).toBe(true);
    }
    // One sketch was counted when it was made, however much it leaves out.
    const full = seen.findIndex((listeners) => new Set(listeners).size > SIZE);
    const show = { podcastId: tenant.podcastId, episodeId: tenant.episodeIds[full % 4]! };
    const { size } = await union(setOf([show], Math.floor(full / 4), Math.floor(full / 4) + 1));
    expect(size).toMatchObject({ listeners: new Set(seen[full]).size, exact: true });
  });

  test('say within four standard errors how many of 100,000 listeners there are, and how many are shared', async () => {
    const [one, other] = [tenant.podcastId, '00000000-0000-4000-8000-000000000001'];
    // On the first day 0 to 79,999 listen to one show, on the second 50,000 to 99,999; to another 70,000 to 119,999.
    for (const [podcast, n, first, last] of [
      [one, 0, 0, 79_999],
      [one, 1, 50_000, 99_999],
      [other, 0, 70_000, 119_999],
    ] as const)
      await query(
        `INSERT INTO downloads (tenant_id, rule_set_id, settled_day, address_day_id, download_id, occurred_at, settled_at,
                                podcast_id, episode_id, listener_id, audience_a, evidence, app, device, country)
         SELECT $1, $2, $3::date, n, gen_random_uuid(), $3::date + interval '12 hours', $3::date + interval '12 hours', $4,
                $5, n, ('x' || left(md5('seed 1 ' || n), 16))::bit(64)::bigint, 'origin_bytes', '', '', ''
         FROM generate_series($6::integer, $7::integer) n`,
        ruleSet,
        utcDate(day(n)),
        podcast,
        tenant.episodeIds[0]!,
        first,
        last,
      );
    await showTestDays(database, tenant.tenantId, ruleSet, [utcDate(day(0)), utcDate(day(1))]);
    expect(await refresh.run()).toMatchObject({ days: 2, failed: 0 });
    const stored = await query<{ listeners: string; ids: number }>(
      `SELECT listeners, cardinality(hashes) AS ids FROM audience_sketches
       WHERE tenant_id = $1 AND podcast_id = $2 AND episode_id = '00000000-0000-0000-0000-000000000000' AND series = 'a'
       ORDER BY day`,
      one,
    );
    expect(stored).toEqual([
      { listeners: '80000', ids: 2_500 },
      { listeners: '50000', ids: 2_500 },
    ]);
    const show = (podcastId: string) => ({ podcastId, episodeId: null });
    const [first, second] = [setOf([show(one)], 0, 2), setOf([show(other)], 0, 2)];
    const { size } = await union(first);
    expect(size.exact).toBe(false);
    expect(size.standardError).toBeLessThanOrEqual(0.0201);
    expect(Math.abs(size.listeners! - 100_000)).toBeLessThan(4 * size.standardError! * 100_000);
    expect(size.lower).toBeLessThan(size.listeners!);
    expect((await union(second)).size).toMatchObject({ listeners: 50_000, exact: true });
    const network = (await union(setOf([NETWORK], 0, 2))).size;
    expect(Math.abs(network.listeners! - 120_000)).toBeLessThan(4 * network.standardError! * 120_000);
    const { common: pairs } = await run((sql) =>
      audienceOverlaps(sql, connections.db.current.tenantId, [first, second]),
    );
    const [common] = pairs;
    expect(common!.size.exact).toBe(false);
    expect(Math.abs(common!.size.listeners! - 30_000)).toBeLessThan(4 * common!.size.standardError! * 30_000);
  });
});

describe('a refresh', () => {
  const versions = () =>
    query<{ show: string; version: string }>(
      `SELECT concat_ws(' ', series, day, podcast_id, episode_id) AS show, concat_ws(' ', xmin, ctid) AS version
       FROM audience_sketches WHERE tenant_id = $1 ORDER BY 1`,
    );
  const hashes = async () =>
    (
      await query<{ id: string }>(
        `SELECT DISTINCT unnest(hashes) AS id FROM audience_sketches WHERE tenant_id = $1`,
      )
    ).map(({ id }) => id);

  test('writes the shows that changed and no other, and nothing a second time', async () => {
    await store([listening(0, 0, 1), listening(0, 1, 2), listening(0, 1, null)], [0]);
    // In each series: two episodes, the podcast, the network.
    expect(await refresh.run()).toMatchObject({ days: 1, rows: 8 });
    const before = await versions();
    await store([], [0]);
    expect(await refresh.run()).toMatchObject({ days: 1, rows: 0 });
    expect(await versions()).toEqual(before);
    await store([listening(0, 1, 3)], [0]);
    expect(await refresh.run()).toMatchObject({ rows: 6 });
    const unchanged = (await versions()).filter(({ version }) =>
      before.some((row) => row.version === version),
    );
    expect(unchanged.map(({ show }) => show.split(' ')[3])).toEqual([
      tenant.episodeIds[0],
      tenant.episodeIds[0],
    ]);
    expect((await union(setOf([NETWORK], 0, 1))).unidentified).toBe(1);
  });

  test('takes out what erasure took from downloads, and shows without downloads', async () => {
    await store([listening(0, 0, 1), listening(0, 1, 2), listening(1, 2, 2)], [0, 1]);
    await refresh.run();
    const erased = testAudienceIds(2, day(0), 90);
    expect(await hashes()).toEqual(expect.arrayContaining([erased.a, erased.b]));
    // What is frozen stays without its ids; the rest goes.
    await query(
      `UPDATE downloads SET audience_a = NULL, audience_b = NULL, listener_id = 0
       WHERE tenant_id = $1 AND audience_a = $2 AND settled_day = $3`,
      erased.a,
      utcDate(day(0)),
    );
    await query('DELETE FROM downloads WHERE tenant_id = $1 AND audience_a = $2', erased.a);
    await store([], [0, 1]);
    await refresh.run();
    const left = testAudienceIds(1, day(0), 90);
    expect((await hashes()).sort()).toEqual([left.a, left.b].sort());
    const rows = await query<{ day: string; unidentified: string }>(
      `SELECT day::text, unidentified FROM audience_sketches
       WHERE tenant_id = $1 AND series = 'a' AND podcast_id = '00000000-0000-0000-0000-000000000000'`,
    );
    expect(rows).toEqual([{ day: utcDate(day(0)), unidentified: '1' }]);
  });

  test('brings nothing back that retention has removed, though downloads of then are kept', async () => {
    await query(`INSERT INTO retention_horizons (tenant_id, days_from) VALUES ($1, $2)`, day(1));
    await store([listening(0, 0, 1), listening(1, 0, 1)], [0, 1]);
    await refresh.run();
    const days = await query(`SELECT DISTINCT day::text FROM audience_sketches WHERE tenant_id = $1`);
    expect(days).toEqual([{ day: utcDate(day(1)) }]);
  });

  test('follows the rule set that is shown', async () => {
    const other = await createTestRuleSet(database, tenant.tenantId, '2.0.0');
    await store([listening(0, 0, 1), listening(0, 0, 2), { ...listening(0, 0, 1), ruleSetId: other }], [0]);
    await refresh.run();
    expect((await union(setOf([NETWORK], 0, 1))).size.listeners).toBe(2);
    await showTestDays(database, tenant.tenantId, other, [utcDate(day(0))]);
    await refresh.run();
    expect((await union(setOf([NETWORK], 0, 1))).size.listeners).toBe(1);
    const rules = await query(`SELECT DISTINCT rule_set_id FROM audience_sketches WHERE tenant_id = $1`);
    expect(rules).toEqual([{ rule_set_id: other }]);
  });

  test('leaves days alone whose downloads retention has removed', async () => {
    await store([listening(0, 0, 1), listening(1, 0, 2)], [0, 1]);
    await refresh.run();
    await query('INSERT INTO retention_horizons (tenant_id, downloads_from) VALUES ($1, $2)', day(1));
    await query('DELETE FROM downloads WHERE tenant_id = $1');
    await store([], [0, 1]);
    expect(await refresh.run()).toMatchObject({ days: 2, rows: 6 });
    expect((await union(setOf([NETWORK], 0, 2))).size.listeners).toBe(1);
  });

  test('of a day that another worker holds waits, and keeps its mark', async () => {
    await store([listening(0, 0, 1)], [0]);
    const blocker = await database.owner.connect();
    await blocker.query('BEGIN');
    await blocker.query(
      `SELECT pg_advisory_xact_lock(hashtextextended($1::text || 'audience' || $2::text, 0))`,
      [tenant.tenantId, utcDate(day(0))],
    );
    expect(await refresh.run()).toMatchObject({ days: 0, busy: 1 });
    await blocker.query('ROLLBACK');
    blocker.release();
    expect(await refresh.run()).toMatchObject({ days: 1, busy: 0 });
  });

  test('of another tenant leaves these alone', async () => {
    await store([listening(0, 0, 1)], [0]);
    await refresh.run();
    const stranger = await createTestTenant(database);
    await showTestDays(
      database,
      stranger.tenantId,
      await createTestRuleSet(database, stranger.tenantId, '1.0.0'),
      [utcDate(day(0))],
    );
    expect(await refresh.run()).toMatchObject({ days: 1, rows: 0 });
    expect((await union(setOf([NETWORK], 0, 1))).size.listeners).toBe(1);
  });
});
