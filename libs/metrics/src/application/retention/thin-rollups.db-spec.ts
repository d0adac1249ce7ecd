import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createLogger } from '@lib/observability';
import { DAY_MS, DomainError, HOUR_MS, SLICE_MS, toTenantId } from '@lib/primitives';
import { TenantsService } from '@lib/tenants';
import {
  connectTestDatabase,
  createTestDatabase,
  createTestTenant,
  type TestConnections,
  type TestDatabase,
  type TestTenant,
} from '@lib/testing';
import { EngineInForce, EnforceRetention } from '@lib/time-series';
import fc from 'fast-check';
import { coverWithGrains } from '../../domain/cover-with-grains.js';
import { ALL_KEPT, WIDE_SLICE_MS } from '../../domain/retention/kept-rollups.js';
import { keptRollups } from '../../infrastructure/retention/kept-rollups.sql.js';
import { play, storeEvents, type RawEvent } from '../exact-rollups.contract.js';
import { QuestionReader, type Question } from '../question-reader.js';
import { RecentTenants } from '../recent-tenants.js';
import { ReconcileAggregates } from '../reconcile-aggregates.js';
import { RefreshListening } from '../listening/refresh-listening.js';
import { RefreshDimensions } from '../query/refresh-dimensions.js';
import { RefreshAggregates } from '../refresh-aggregates.js';
import { RefreshMetricsDaily } from '../refresh-metrics-daily.js';
import { SeriesService } from '../series.service.js';
import { TotalsService } from '../totals.service.js';
import { ThinDerived } from './thin-derived.js';
import { ThinRollups } from './thin-rollups.js';

let database: TestDatabase;
let connections: TestConnections;
let refresh: RefreshAggregates;
let listening: RefreshListening;
let dimensions: RefreshDimensions;
let refreshDaily: RefreshMetricsDaily;
let reconcile: ReconcileAggregates;
let engine: EngineInForce;
let retention: EnforceRetention;
let thin: ThinRollups;
let series: SeriesService;
let totals: TotalsService;

/** Clocks change on 9 March (St John's), 30 March (Berlin) and 6 April (Lord Howe, Santiago). */
const ZONES = [
  'Europe/Berlin',
  'Asia/Kolkata',
  'America/St_Johns',
  'Australia/Lord_Howe',
  'America/Santiago',
  'UTC',
];
const START = Date.parse('2025-03-01T00:00:00Z');

beforeAll(async () => {
  database = await createTestDatabase();
  connections = connectTestDatabase(database);
  const { db, app, settings, maintenance } = connections;
  const logger = createLogger('silent');
  const recent = new RecentTenants();
  refresh = new RefreshAggregates(db, app, logger, recent);
  listening = new RefreshListening(db, app, logger);
  dimensions = new RefreshDimensions(db, app, logger);
  refreshDaily = new RefreshMetricsDaily(db, app, logger);
  reconcile = new ReconcileAggregates(db, recent, logger);
  engine = new EngineInForce(settings, maintenance);
  retention = new EnforceRetention(settings, db, engine, maintenance);
  const tenants = new TenantsService(db, maintenance, settings);
  thin = new ThinRollups(settings, db, tenants, maintenance, new ThinDerived(db));
  const questions = new QuestionReader(db, tenants);
  series = new SeriesService(db, questions);
  totals = new TotalsService(db, questions);
});
afterAll(async () => {
  await connections.close();
  await database.drop();
});

/** A network whose clock is moved by hand. */
class Network {
  readonly events: RawEvent[] = [];
  now = START + 2 * DAY_MS;

  constructor(readonly tenant: TestTenant) {}

  static async create(days: { raw: number; slice: number; hour: number; day: number }): Promise<Network> {
    // Retention drops those that nobody needs any more.
    await database.owner.query(`SELECT ensure_partitions('2025-02-24', '2026-02-01')`);
    const network = new Network(await createTestTenant(database));
    await network.keep(days);
    return network;
  }

  async keep({ raw, slice, hour, day }: { raw: number; slice: number; hour: number; day: number }) {
    await this.sql(
      `UPDATE tenant_settings SET raw_retention_days = $2, slice_retention_days = $3, hour_retention_days = $4,
              day_retention_days = $5 WHERE tenant_id = $1`,
      raw,
      slice,
      hour,
      day,
    );
  }

  async sql<Row extends object>(text: string, ...params: unknown[]): Promise<Row[]> {
    return (await database.owner.query<Row>(text, [this.tenant.tenantId, ...params])).rows;
  }

  run<T>(work: () => Promise<T>): Promise<T> {
    return connections.db.run(this.tenant.tenantId, work, { readOnly: true });
  }

  /** From when on events are taken: no road leads into frozen days. */
  async rawFrom(): Promise<number> {
    const rows = await this.sql<{ at: Date }>('SELECT raw_from AS at FROM raw_horizons WHERE tenant_id = $1');
    return Math.max(rows[0]?.at.getTime() ?? START, START);
  }

  async store(...times: (number | string)[]): Promise<void> {
    const { tenantId, episodeIds } = this.tenant;
    const events = times.map((at, n) => play(episodeIds[n % 2]!, new Date(at)));
    await storeEvents(database.owner, tenantId, events);
    this.events.push(...events);
  }

  async refresh(): Promise<void> {
    while ((await refresh.run()).days > 0);
    while ((await listening.run()).days > 0);
    while ((await refreshDaily.run()).days > 0);
    while ((await dimensions.run()).days > 0);
  }

  /** Both jobs, with the pause between freezing and removing behind them. */
  async retain(): Promise<void> {
    const now = new Date(this.now);
    await (await engine.get()).refresh();
    await retention.run(now);
    await this.sql(`UPDATE raw_horizons SET moved_at = '2000-01-01' WHERE tenant_id = $1`);
    await retention.run(now);
    await thin.run(now);
  }

  /** Jobs look at every tenant there is. */
  async leave(): Promise<void> {
    await this.sql('DELETE FROM episodes WHERE tenant_id = $1');
    await this.sql('DELETE FROM podcasts WHERE tenant_id = $1');
    await this.sql('DELETE FROM tenants WHERE tenant_id = $1');
  }

  async count(table: string, condition: string): Promise<number> {
    const [row] = await this.sql<{ n: number }>(
      `SELECT count(*)::integer AS n FROM ${table} WHERE tenant_id = $1 ${table.startsWith('listener_') ? `AND dimension = 'none'` : ''} AND ${condition}`,
    );
    return row!.n;
  }

  totalOf(from: string, to: string, ofMetric = 'play'): Promise<number | string> {
    return this.answer(async () => {
      const answer = await totals.answer({ from, to, timeZone: 'UTC' }, false);
      return answer.totals.find(({ metric }) => metric === ofMetric)!.value;
    });
  }

  /** Counts by local date, or month, without zeros. */
  byDate(question: Question, interval: 'day' | 'month'): Promise<Record<string, number> | string> {
    return this.answer(async () => {
      const answer = await series.answer({ ...question, metrics: ['play'], interval });
      const points = answer.series[0]!.points.filter(({ value }) => value > 0);
      return Object.fromEntries(
        points.map(({ start, value }) => [start.slice(0, interval === 'day' ? 10 : 7), value]),
      );
    });
  }

  /** The code of a refusal stands for the answer. */
  private answer<T>(ask: () => Promise<T>): Promise<T | string> {
    return this.run(ask).catch((error: unknown) => {
      if (error instanceof DomainError) return error.code;
      throw error;
    });
  }
}

function localDate(at: Date, timeZone: string): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' }).format(at);
}

describe('slices of old days', () => {
  test('become 15 minutes wide, and what comes late is counted into them', async () => {
    const network = await Network.create({ raw: 60, slice: 60, hour: 60, day: 60 });
    const quarter = ['2025-03-01T10:01Z', '2025-03-01T10:06Z', '2025-03-01T10:06:10Z', '2025-03-01T10:12Z'];
    await network.store(...quarter, '2025-03-01T10:15Z', '2025-03-20T10:06Z');
    await network.refresh();
    network.now = Date.parse('2025-03-21T00:00Z');
    const narrow = await network.count('listener_metrics', `grain = 'slice'`);
    await network.retain();
    const expectWide = async () => {
      const off = `grain = 'slice' AND bucket < '2025-03-12' AND bucket <> date_bin('15 minutes', bucket, 'epoch')`;
      for (const table of ['listener_metrics', 'listener_totals'])
        expect(await network.count(table, off)).toBe(0);
    };
    await expectWide();
    expect(narrow - (await network.count('listener_metrics', `grain = 'slice'`))).toBe(2);
    expect(await network.totalOf('2025-03-01T10:00:00Z', '2025-03-01T10:15:00Z')).toBe(4);
    expect(await network.totalOf('2025-03-01T10:05:00Z', '2025-03-01T10:30:00Z')).toBe('unaligned_range');
    expect(await network.totalOf('2025-03-20T10:05:00Z', '2025-03-20T10:10:00Z')).toBe(1);
    await network.store('2025-03-01T10:08Z', '2025-03-02T10:08Z', '2025-03-02T10:13Z');
    await network.refresh();
    expect(await network.totalOf('2025-03-01T10:00:00Z', '2025-03-01T10:15:00Z')).toBe(5);
    await expectWide();
    for (const hour of ['2025-03-01T10:00Z', '2025-03-02T10:00Z'])
      expect(await reconcile.check(toTenantId(network.tenant.tenantId), new Date(hour))).toBe(0);
    await network.sql(
      `UPDATE listener_metrics SET value = 0 WHERE tenant_id = $1 AND grain = 'slice' AND bucket = '2025-03-01T10:00Z'`,
    );
    expect(
      await reconcile.check(toTenantId(network.tenant.tenantId), new Date('2025-03-01T10:00Z')),
    ).toBeGreaterThan(0);
    expect(await network.totalOf('2025-03-01T10:00:00Z', '2025-03-01T10:15:00Z')).toBe(5);
  });

  test('hold what was heard as before, and what is heard of late events', async () => {
    const network = await Network.create({ raw: 60, slice: 60, hour: 60, day: 60 });
    const hear = (...told: [type: string, at: string, seconds: number][]) =>
      network.sql(
        `WITH stored AS (
           INSERT INTO listener_events (tenant_id, occurred_at, event_id, episode_id, received_at, payload_hash,
                                        payload_hash_version, trusted_sender, event_type, session_id, position_ms)
           SELECT $1, at, gen_random_uuid(), $2, now(), 0, 1, false, type, 's', seconds * 1000
           FROM unnest($3::text[], $4::timestamptz[], $5::integer[]) AS t (type, at, seconds) RETURNING occurred_at
         )
         INSERT INTO dirty_buckets (tenant_id, kind, bucket)
         SELECT DISTINCT $1::uuid, 'slice', date_bin('5 minutes', occurred_at, 'epoch') FROM stored`,
        network.tenant.episodeIds[0],
        told.map(([type]) => type),
        told.map(([, at]) => at),
        told.map(([, , seconds]) => seconds),
      );
    const heard = () => network.totalOf('2025-03-01T10:00:00Z', '2025-03-01T10:15:00Z', 'listen_time');
    await hear(
      ['play', '2025-03-01T10:01Z', 0],
      ['progress', '2025-03-01T10:04Z', 180],
      ['progress', '2025-03-01T10:08Z', 420],
      ['progress', '2025-03-01T10:12Z', 660],
    );
    await network.refresh();
    expect(await heard()).toBe(660_000);
    network.now = Date.parse('2025-03-21T00:00Z');
    await network.retain();
    expect(await heard()).toBe(660_000);
    await hear(['progress', '2025-03-01T10:13Z', 720], ['progress', '2025-03-01T10:16Z', 900]);
    await network.refresh();
    expect(await heard()).toBe(720_000);
    expect(await network.totalOf('2025-03-01', '2025-03-02', 'listen_time')).toBe(900_000);
    for (const table of ['listener_metrics', 'listener_totals', 'listening_positions'])
      expect(
        await network.count(table, `grain = 'slice' AND bucket <> date_bin('15 minutes', bucket, 'epoch')`),
      ).toBe(0);
    const positions = await network.sql<{ grain: string; heard: string }>(
      `SELECT grain, sum(amount) AS heard FROM listening_positions CROSS JOIN LATERAL unnest(amounts) AS amount
       WHERE tenant_id = $1 AND kind = 'heard' GROUP BY grain`,
    );
    expect(positions.map((each) => each.heard)).toEqual(['900000', '900000', '900000', '900000']);
    const at = new Date('2025-03-01T10:00Z');
    expect(await reconcile.check(toTenantId(network.tenant.tenantId), at)).toBe(0);
  });

  test('that were stored narrow in spite of it become wide with the next event', async () => {
    const network = await Network.create({ raw: 60, slice: 60, hour: 60, day: 60 });
    await network.store('2025-03-01T10:01Z', '2025-03-01T10:06Z', '2025-03-01T10:11Z');
    await network.refresh();
    await network.sql(`INSERT INTO retention_horizons (tenant_id, quarters_until) VALUES ($1, '2025-03-10')`);
    await network.store('2025-03-01T10:02Z');
    await network.refresh();
    expect(await network.totalOf('2025-03-01T10:00:00Z', '2025-03-01T10:15:00Z')).toBe(4);
    expect(await network.totalOf('2025-03-01T00:00:00Z', '2025-03-02T00:00:00Z')).toBe(4);
  });
});

describe('rollups past their retention', () => {
  test('go level by level, and whatever needs them is refused by name', async () => {
    const network = await Network.create({ raw: 10, slice: 20, hour: 40, day: 80 });
    const dates = ['03-01', '03-31', '04-01', '04-29', '04-30', '05-19', '05-20', '05-31'];
    await network.store(...dates.map((date) => `2025-${date}T07:06Z`));
    await network.refresh();
    const months = { '2025-03': 2, '2025-04': 3, '2025-05': 3 };
    const question = { from: '2025-03-01', to: '2025-06-01' };
    const before = await network.byDate({ ...question, timeZone: 'Europe/Berlin' }, 'day');
    expect(Object.keys(before)).toHaveLength(8);
    network.now = START + 100 * DAY_MS; // 9 June
    await network.retain();
    // Slices from 20 May, hours from 30 April, days from 1 March: 80 days ago was in it.
    expect(await network.totalOf('2025-05-19T07:00:00Z', '2025-05-19T07:15:00Z')).toBe(
      'before_slice_horizon',
    );
    expect(await network.totalOf('2025-05-20T07:00:00Z', '2025-05-20T07:15:00Z')).toBe(1);
    expect(await network.totalOf('2025-05-19T07:00:00Z', '2025-05-19T08:00:00Z')).toBe(1);
    expect(await network.totalOf('2025-04-29T07:00:00Z', '2025-04-29T08:00:00Z')).toBe('before_hour_horizon');
    expect(await network.byDate({ ...question, timeZone: 'Europe/Berlin' }, 'day')).toBe(
      'before_hour_horizon',
    );
    expect(await network.byDate({ ...question, timeZone: 'UTC' }, 'day')).toEqual(before);
    network.now = START + 120 * DAY_MS;
    await network.retain();
    expect(await network.byDate({ ...question, timeZone: 'UTC' }, 'day')).toBe('before_day_horizon');
    expect(await network.byDate({ ...question, timeZone: 'UTC' }, 'month')).toEqual(months);
    expect(await network.byDate({ from: '2025-04-01', to: '2025-06-01', timeZone: 'UTC' }, 'day')).toEqual(
      Object.fromEntries(Object.entries(before).filter(([day]) => day >= '2025-04-01')),
    );
    expect(await network.count('metrics_daily', `day < '2025-04-01'`)).toBe(0);
    expect(await network.count('metrics_daily', `day >= '2025-04-01'`)).toBeGreaterThan(0);
    for (const table of ['listener_metrics', 'listener_totals']) {
      expect(await network.count(table, `grain = 'hour' AND bucket < '2025-05-20'`)).toBe(0);
      expect(await network.count(table, `grain = 'hour'`)).toBeGreaterThan(0);
    }
    await network.sql(`UPDATE tenant_settings SET month_retention_days = 80 WHERE tenant_id = $1`);
    await network.retain();
    expect(await network.byDate({ ...question, timeZone: 'UTC' }, 'month')).toBe('before_month_horizon');
  });

  test('take audience sketches and release curves with the days, and totals of releases with the months', async () => {
    const network = await Network.create({ raw: 8, slice: 8, hour: 8, day: 20 });
    await network.store(START + HOUR_MS);
    await network.refresh();
    const { podcastId, episodeIds } = network.tenant;
    await network.sql(
      `INSERT INTO audience_sketches (tenant_id, podcast_id, episode_id, rule_set_id, day, series, evidence, listeners,
                                      unidentified, hashes)
       SELECT $1, $2, $3, $2, unnest($4::date[]), 'a', 'prefix_only', 0, 0, '{}'`,
      ...[podcastId, episodeIds[0], ['2025-03-01', '2025-03-31', '2025-04-01']],
    );
    // Followed for 366 days: until 1 April, and until a quarter of an hour later.
    const starts = ['2024-03-31T00:00Z', '2024-03-31T00:15Z'];
    await network.sql(
      `WITH starts AS (
         INSERT INTO release_starts (tenant_id, podcast_id, episode_id, started_at)
         SELECT $1, $2, s.* FROM unnest($3::uuid[], $4::timestamptz[]) AS s RETURNING *
       ), curves AS (
         INSERT INTO release_curves (tenant_id, podcast_id, episode_id, rule_set_id, downloads, age_day, evidence)
         SELECT tenant_id, podcast_id, episode_id, podcast_id, 1, 365, 'prefix_only' FROM starts
       )
       INSERT INTO release_totals (tenant_id, episode_id, days_1, days_7, days_30, days_60, days_90, days_366, evidence)
       SELECT tenant_id, episode_id, 0, 0, 0, 0, 0, 1, 'prefix_only' FROM starts`,
      ...[podcastId, episodeIds.slice(0, 2), starts],
    );
    network.now = START + 60 * DAY_MS; // 30 April: days of April stay
    await network.retain();
    const left = async (of: string, from: string) =>
      (await network.sql<{ of: string }>(`SELECT ${of} AS of FROM ${from} WHERE tenant_id = $1`)).map(
        (row) => row.of,
      );
    expect(await left('day::text', 'audience_sketches')).toEqual(['2025-04-01']);
    expect(await left('episode_id', 'release_curves')).toEqual([episodeIds[1]]);
    expect(await left('episode_id', 'release_totals')).toHaveLength(2);
    await network.sql(`UPDATE tenant_settings SET month_retention_days = 20 WHERE tenant_id = $1`);
    await network.retain();
    expect(await left('episode_id', 'release_totals')).toEqual([episodeIds[1]]);
    expect(await left('episode_id', 'release_starts')).toHaveLength(2);
  });

  test('stay while a mark waits before them, and where raw events are kept', async () => {
    const network = await Network.create({ raw: 50, slice: 9, hour: 9, day: 9 });
    await network.store(START + HOUR_MS, START + 20 * DAY_MS);
    await network.refresh();
    const rows = () => network.count('listener_metrics', `grain IN ('slice', 'hour', 'day')`);
    network.now = START + 40 * DAY_MS;
    await network.retain();
    expect(await rows()).toBe(6);
    network.now = START + 65 * DAY_MS;
    await network.retain();
    expect(await rows()).toBe(4);
    network.now = START + 100 * DAY_MS;
    await network.sql(
      `INSERT INTO dirty_buckets (tenant_id, kind, bucket) VALUES ($1, 'metrics_daily', '2025-03-21')`,
    );
    await network.retain();
    expect(await rows()).toBe(4);
    await network.refresh();
    await network.retain();
    expect(await rows()).toBe(0);
    expect(await network.count('listener_metrics', `grain = 'month' AND value = 2`)).toBe(0);
    expect(await network.count('listener_totals', `grain = 'month' AND value = 2`)).toBe(2);
  });

  test('of one tenant leave another\u2019s alone', async () => {
    const [mine, theirs] = [
      await Network.create({ raw: 8, slice: 8, hour: 8, day: 8 }),
      await Network.create({ raw: 90, slice: 90, hour: 90, day: 90 }),
    ];
    for (const network of [mine, theirs]) await network.store('2025-03-01T10:01Z');
    await mine.refresh();
    mine.now = START + 60 * DAY_MS;
    await mine.retain();
    expect(await mine.count('listener_metrics', 'true')).toBe(1);
    expect(await theirs.count('listener_metrics', 'true')).toBe(4);
  });
});

type Step =
  | { kind: 'events'; ages: number[] }
  | { kind: 'refresh' | 'retain' }
  | { kind: 'wait'; days: number }
  | { kind: 'keep'; raw: number; more: [number, number, number] };

const days = (max: number) => fc.integer({ min: 0, max });
/** Where in a stretch of time: small numbers would come up most, and everything would happen at its begin. */
const share = fc.noBias(fc.integer({ min: 0, max: 1_000_000 }).map((part) => part / 1_000_001));
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('events' as const),
      ages: fc.array(share, { minLength: 1, maxLength: 25 }),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: 'refresh' as const }) },
  { weight: 3, arbitrary: fc.constant({ kind: 'retain' as const }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), days: fc.integer({ min: 1, max: 25 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('keep' as const),
      raw: fc.integer({ min: 8, max: 30 }),
      more: fc.tuple(days(10), days(15), days(40)),
    }),
  },
);

async function take(network: Network, step: Step): Promise<void> {
  if (step.kind === 'refresh') return network.refresh();
  if (step.kind === 'retain') return network.retain();
  if (step.kind === 'wait') network.now += step.days * DAY_MS;
  if (step.kind === 'keep') {
    const [slice, hour, day] = step.more;
    const { raw } = step;
    await network.keep({ raw, slice: raw + slice, hour: raw + slice + hour, day: raw + slice + hour + day });
  }
  if (step.kind === 'events') {
    const from = await network.rawFrom();
    await network.store(...step.ages.map((age) => Math.floor(from + age * (network.now - from - 1))));
  }
}

/** Whether every row that a range by the local clock takes is there, and no border lies within a slice. */
async function isAnswerable(network: Network, starts: readonly number[], to: number): Promise<boolean> {
  const kept = await network.run(() =>
    keptRollups(connections.db.current.sql, toTenantId(network.tenant.tenantId)),
  );
  const wide = [...starts, to].some((at) => at < (kept.quartersUntil ?? 0) && at % WIDE_SLICE_MS !== 0);
  const gone = coverWithGrains(starts, to, ALL_KEPT).some(({ grain, from }) => from < (kept[grain] ?? 0));
  return !wide && !gone;
}

describe('after any sequence of events, refreshes and retention', () => {
  test('every question is answered as a count by hand does, or is refused', async () => {
    const seen = { answered: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 8, maxLength: 16 }),
        fc.array(
          fc.record({
            zone: fc.constantFrom(...ZONES),
            daysAgo: fc.noBias(fc.integer({ min: 1, max: 70 })),
            length: fc.noBias(fc.integer({ min: 1, max: 60 })),
            interval: fc.constantFrom('day' as const, 'month' as const),
            slicesAgo: fc.noBias(fc.integer({ min: 1, max: 288 * 70 })),
            slices: fc.noBias(fc.integer({ min: 1, max: 288 * 40 })),
          }),
          { minLength: 12, maxLength: 12 },
        ),
        async (steps, questions) => {
          const network = await Network.create({ raw: 9, slice: 20, hour: 40, day: 60 });
          await network.store(START + 6 * 60_000, START + 30 * HOUR_MS);
          for (const each of steps) await take(network, each);
          await network.refresh();
          network.now += 20 * DAY_MS;
          await network.retain();
          for (const { zone, daysAgo, length, interval, slicesAgo, slices } of questions) {
            const [from, to] = [-daysAgo, length - daysAgo].map((day) =>
              new Date(network.now + day * DAY_MS).toISOString().slice(0, 10),
            ) as [string, string];
            const dates = network.events.map((event) => localDate(event.occurredAt, zone));
            const expected: Record<string, number> = {};
            for (const date of dates.filter((each) => each >= from && each < to)) {
              const key = interval === 'day' ? date : date.slice(0, 7);
              expected[key] = (expected[key] ?? 0) + 1;
            }
            const answer = await network.byDate({ from, to, timeZone: zone }, interval);
            if (typeof answer === 'string') expect(answer).toMatch(/^before_(slice|hour|day)_horizon$/);
            else expect({ zone, from, to, answer }).toEqual({ zone, from, to, answer: expected });
            if (typeof answer === 'string') seen.refused += 1;
            else if (Object.keys(answer).length > 0) seen.answered += 1;
            const low = Math.floor(network.now / SLICE_MS) * SLICE_MS - slicesAgo * SLICE_MS;
            const high = low + slices * SLICE_MS;
            const total = await network.totalOf(new Date(low).toISOString(), new Date(high).toISOString());
            const inside = network.events.filter(({ occurredAt: at }) => +at >= low && +at < high).length;
            if (await isAnswerable(network, [low], high)) expect(total).toBe(inside);
            else expect(total).toMatch(/^(before_(slice|hour|day)_horizon|unaligned_range)$/);
          }
          const hour = new Date(
            Math.floor((network.events[0]?.occurredAt.getTime() ?? START) / HOUR_MS) * HOUR_MS,
          );
          expect([0, null]).toContain(await reconcile.check(toTenantId(network.tenant.tenantId), hour));
          await network.leave();
        },
      ),
      { numRuns: 4, endOnFailure: true },
    );
    expect(seen.answered).toBeGreaterThan(0);
    expect(seen.refused).toBeGreaterThan(0);
  }, 120_000);
});
