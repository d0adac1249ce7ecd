import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createLogger } from '@lib/observability';
import { DAY_MS, HOUR_MS } from '@lib/primitives';
import {
  connectTestDatabase,
  createTestDatabase,
  createTestRuleSet,
  SeededRandom,
  type TestConnections,
  type TestDatabase,
} from '@lib/testing';
import { RecentTenants } from '../recent-tenants.js';
import { RefreshAggregates } from '../refresh-aggregates.js';
import { DetectAnomalies } from './detect-anomalies.js';

/** A Wednesday, and an instant at which it is judged for good. */
const DAY = Date.parse('2026-03-18T00:00:00Z');
const AFTERWARDS = DAY + 37 * HOUR_MS;

let database: TestDatabase;
let connections: TestConnections;
let rollups: RefreshAggregates;
let detect: DetectAnomalies;
let tenantId: string;
let ruleSetId: string;
let random: SeededRandom;

type Evidence = 'origin_bytes' | 'prefix_only';

beforeAll(async () => {
  database = await createTestDatabase();
  await database.owner.query(`SELECT ensure_partitions('2026-02-23', '2026-04-06')`);
  connections = connectTestDatabase(database);
});
afterAll(async () => {
  await connections.close();
  await database.drop();
});
beforeEach(async () => {
  const logger = createLogger('silent');
  rollups = new RefreshAggregates(connections.db, connections.app, logger, new RecentTenants());
  detect = new DetectAnomalies(connections.db, connections.app, logger);
  random = new SeededRandom(3, 'anomalies');
  // Other tenants' days would be looked at, too.
  await database.owner.query('DELETE FROM dirty_buckets');
  tenantId = randomUUID();
  await change(`INSERT INTO tenants (tenant_id, name) VALUES ($1, 'Tenant')`);
  ruleSetId = await createTestRuleSet(database, tenantId, '1.0.0');
  await change(
    `INSERT INTO counted_days (tenant_id, day, rule_set_id, files_as_of)
     SELECT $1, d, $2, now() FROM generate_series($3::date, $4::date, interval '1 day') d`,
    ruleSetId,
    dateOf(DAY - 63 * DAY_MS),
    dateOf(DAY + DAY_MS),
  );
});

const change = (text: string, ...params: unknown[]) =>
  database.owner.query<Record<string, unknown>>(text, [tenantId, ...params]);
const dateOf = (at: number) => new Date(at).toISOString().slice(0, 10);

/** A podcast with an episode for downloads, and what it usually has: about `usual` a day, more on Wednesdays. */
async function addPodcast(
  title: string,
  usual: Partial<Record<Evidence, number>>,
  days = 63,
): Promise<string> {
  const id = randomUUID();
  await change('INSERT INTO podcasts (tenant_id, id, title) VALUES ($1, $2, $3)', id, title);
  await change(
    `INSERT INTO episodes (tenant_id, id, podcast_id, guid, title, published_at) VALUES ($1, $2, $2, 'first', 'First', '2025-01-01')`,
    id,
  );
  for (const [evidence, mean] of Object.entries(usual)) {
    const past = Array.from({ length: days }, (_, n) => {
      const at = DAY - (days - n) * DAY_MS;
      const wednesday = (DAY - at) % (7 * DAY_MS) === 0 ? 2 : 1;
      return { at, value: Math.round(mean * wednesday * (0.9 + random.next() * 0.2)) };
    });
    // Rollups as they are after weeks of downloads: the day, and a twenty-fourth of it in every hour.
    await change(
      `INSERT INTO listener_totals (tenant_id, bucket, podcast_id, rule_set_id, value, grain, metric, evidence)
       SELECT $1::uuid, at, $2::uuid, $3::uuid, value, 'day', 'downloads', $4 FROM unnest($5::timestamptz[], $6::bigint[]) AS d (at, value)
       UNION ALL
       SELECT $1::uuid, at + n * interval '1 hour', $2::uuid, $3::uuid, value / 24, 'hour', 'downloads', $4
       FROM unnest($5::timestamptz[], $6::bigint[]) AS d (at, value), generate_series(0, 23) AS n`,
      id,
      ruleSetId,
      evidence,
      past.map(({ at }) => new Date(at)),
      past.map(({ value }) => value),
    );
  }
  return id;
}

interface Source {
  app?: string;
  evidence?: Evidence;
  at?: number;
  asn?: number;
  rules?: string;
}

/** Downloads over a day, with their marks and, for a network, their requests. */
async function download(podcastId: string, downloads: number, source: Source = {}): Promise<void> {
  const { app = 'Overcast', evidence = 'prefix_only', at = DAY, asn, rules = ruleSetId } = source;
  const { rows } = await change(
    `INSERT INTO downloads (tenant_id, rule_set_id, settled_day, address_day_id, download_id, occurred_at, settled_at,
                            podcast_id, episode_id, listener_id, evidence, app, device, country)
     SELECT $1, $2, $3::timestamptz AT TIME ZONE 'UTC', n, gen_random_uuid(), moment, moment, $4, $4, n, $5, $6, 'x', ''
     FROM generate_series(1, $7::integer) AS n, LATERAL (SELECT date_trunc('milliseconds', $3::timestamptz + n * interval '23 hours' / $7)) AS m (moment)
     RETURNING download_id, settled_at`,
    rules,
    new Date(at),
    podcastId,
    evidence,
    app,
    downloads,
  );
  await change(
    `INSERT INTO dirty_buckets (tenant_id, kind, bucket)
     SELECT DISTINCT $1::uuid, 'slice', date_bin('5 minutes', at, 'epoch') FROM unnest($2::timestamptz[]) AS at WHERE at >= $3`,
    rows.map((row) => row.settled_at),
    new Date(DAY),
  );
  if (asn === undefined) return;
  await change(
    `INSERT INTO networks (tenant_id, id, class, asn) VALUES ($1, $2, 'household', $2) ON CONFLICT DO NOTHING`,
    asn,
  );
  await change(
    `INSERT INTO listener_events (tenant_id, occurred_at, event_id, episode_id, received_at, payload_hash, payload_hash_version,
                                  trusted_sender, event_type, network_id)
     SELECT $1, at, id, $2, at, 0, 1, false, 'download_request', $3 FROM unnest($4::timestamptz[], $5::uuid[]) AS e (at, id)`,
    podcastId,
    asn,
    rows.map((row) => row.settled_at),
    rows.map((row) => row.download_id),
  );
}

const mark = (at: number) =>
  change(`INSERT INTO dirty_buckets (tenant_id, kind, bucket) VALUES ($1, 'anomaly', $2)`, new Date(at));

async function look(now = AFTERWARDS): Promise<void> {
  while ((await rollups.run()).days > 0);
  const report = await detect.run(now);
  expect(report.failed).toBe(0);
}

async function alerts() {
  const { rows } = await change(
    `SELECT p.title, a.day::text, a.evidence, a.direction, a.state, a.likely_reason AS reason, a.reasons, a.actual::integer, a.hours,
            a.expected, a.z
     FROM alerts a JOIN podcasts p ON p.tenant_id = a.tenant_id AND p.id = a.podcast_id
     WHERE a.tenant_id = $1 ORDER BY p.title, a.day, a.evidence, a.direction`,
  );
  return rows;
}
const told = async () =>
  (await alerts()).map((row) => `${row.title as string}: ${row.direction as string} ${row.reason as string}`);

async function publish(podcastId: string, at: number): Promise<void> {
  await change(
    `INSERT INTO episodes (tenant_id, id, podcast_id, guid, title, published_at) SELECT $1, id, $2, id::text, 'One', $3
     FROM (SELECT gen_random_uuid() AS id) new`,
    podcastId,
    new Date(at),
  );
}
const weekly = async (podcastId: string) => {
  for (let week = 1; week <= 8; week += 1) await publish(podcastId, DAY - week * 7 * DAY_MS + 6 * HOUR_MS);
};
const BEFORE = [7, 14, 21].map((days) => DAY - days * DAY_MS);

describe('planted anomalies', () => {
  test('are found with the reason that lies behind them, and calm shows are left alone', async () => {
    const usual = { prefix_only: 100 };
    const podcasts = [
      'a calm show',
      'a new bot',
      'a new episode',
      'a new feed',
      'a new network',
      'no episode',
      'no news',
    ];
    const [calm, bot, episode, feed, network, none, news] = (await Promise.all(
      podcasts.map((title) => addPodcast(title, usual)),
    )) as [string, string, string, string, string, string, string];
    const logs = await addPodcast('no log file', { prefix_only: 100, origin_bytes: 90 });
    const young = await addPodcast('a young show', usual, 20);
    for (const id of [calm, feed, news]) await download(id, id === calm ? 205 : 600);
    await change(
      `INSERT INTO annotations (tenant_id, id, happened_at, podcast_id, kind)
       VALUES ($1, gen_random_uuid(), $2, $4, 'prefix_changed'), ($1, gen_random_uuid(), $3, $5, 'feed_moved'),
              ($1, gen_random_uuid(), $2, $5, 'note')`,
      new Date(DAY - 2 * DAY_MS),
      new Date(DAY - 5 * DAY_MS),
      feed,
      news,
    );
    for (const at of BEFORE) {
      await download(bot, 120, { at });
      await download(bot, 80, { at, app: 'Podcasts' });
      await download(network, 180, { at, asn: 64_501 });
      await download(network, 15, { at, asn: 64_500 });
    }
    await download(bot, 130);
    await download(bot, 90, { app: 'Podcasts' });
    await download(bot, 500, { app: 'Fetcher' });
    await download(network, 190, { asn: 64_501 });
    await download(network, 420, { asn: 64_500 });
    for (const id of [episode, none, news]) await weekly(id);
    for (const id of [episode, episode, news]) await publish(id, DAY + HOUR_MS);
    await download(episode, 600);
    await download(none, 20);
    await download(logs, 190);
    await download(young, 2_000);
    await look();
    expect(await told()).toEqual([
      'a new bot: above new_bot',
      'a new episode: above new_release',
      'a new feed: above feed_change',
      'a new network: above new_bot',
      'no episode: below no_release',
      'no log file: below missing_log_file',
      'no news: above unknown',
    ]);
    const found = await alerts();
    expect(found[0]).toMatchObject({
      evidence: 'prefix_only',
      actual: 720,
      hours: 24,
      state: 'open',
      day: '2026-03-18',
    });
    expect(found[0]!.reasons).toEqual([
      { reason: 'new_bot', detail: { app: 'Fetcher', downloads: 500, usual: 0 } },
    ]);
    expect(found[3]!.reasons).toEqual([
      { reason: 'new_bot', detail: { network: '64500', downloads: 420, usual: 15 } },
    ]);
    expect(found[5]).toMatchObject({ evidence: 'origin_bytes', actual: 0 });
    expect(found[0]!.z).toBeCloseTo(
      (720 - (found[0]!.expected as number)) / (0.12 * (found[0]!.expected as number)),
      1,
    );
  });

  test('where no log file of the day was imported are put down to that, with no other level to compare', async () => {
    await addPodcast('only logs', { origin_bytes: 100 });
    await change(
      `INSERT INTO imports (tenant_id, id, source, first_day, last_day) VALUES ($1, gen_random_uuid(), 'edge', $2, $3),
                                                                              ($1, gen_random_uuid(), 'other', $4, $4)`,
      dateOf(DAY - 6 * DAY_MS),
      dateOf(DAY - DAY_MS),
      dateOf(DAY + DAY_MS),
    );
    await mark(DAY);
    await look();
    expect(await told()).toEqual(['only logs: below missing_log_file']);
  });

  test('after a recount are put down to the recount that divides the day from the others', async () => {
    const id = await addPodcast('recounted', { prefix_only: 100 });
    const rules = await createTestRuleSet(database, tenantId, '2.0.0');
    const recount = `INSERT INTO recounts (tenant_id, id, rule_set_id, first_day, last_day, state, requested_by, decided_at)
                     VALUES ($1, gen_random_uuid(), $2, $3, $3, $4, 'test', now())`;
    await change(recount, rules, dateOf(DAY), 'discarded');
    await download(id, 60, { rules });
    await change(
      'UPDATE counted_days SET rule_set_id = $2 WHERE tenant_id = $1 AND day = $3',
      rules,
      dateOf(DAY),
    );
    await look();
    expect(await told()).toEqual(['recounted: below unknown']);
    await change(recount, rules, dateOf(DAY), 'applied');
    await mark(DAY);
    await look();
    expect(await told()).toEqual(['recounted: below recount_applied']);
  });
});

describe('an alert', () => {
  test('is renewed and never doubled, resolves when late data bring the number back, and opens again', async () => {
    const id = await addPodcast('late', { prefix_only: 100 });
    await download(id, 20);
    await look();
    await mark(DAY);
    await look();
    expect(await alerts()).toMatchObject([{ direction: 'below', actual: 20, state: 'open' }]);
    await download(id, 20);
    await look();
    expect(await alerts()).toMatchObject([{ direction: 'below', actual: 40, state: 'open' }]);
    await download(id, 160);
    await look();
    expect(await alerts()).toMatchObject([{ direction: 'below', actual: 40, state: 'resolved' }]);
    await change(`UPDATE alerts SET acknowledged_at = now(), acknowledged_by = 'test' WHERE tenant_id = $1`);
    await change('DELETE FROM downloads WHERE tenant_id = $1');
    await download(id, 12);
    await look();
    await change(
      `INSERT INTO dirty_buckets (tenant_id, kind, bucket) SELECT $1, 'slice', s
       FROM generate_series($2::timestamptz, $2::timestamptz + interval '23 hours 55 minutes', interval '5 minutes') s`,
      new Date(DAY),
    );
    await look();
    expect(await alerts()).toMatchObject([{ direction: 'below', actual: 12, state: 'acknowledged' }]);
  });

  test('is not written again while it is right', async () => {
    const id = await addPodcast('steady', { prefix_only: 100 });
    await download(id, 900);
    await look();
    const version = async () =>
      (await change('SELECT xmin::text, ctid::text FROM alerts WHERE tenant_id = $1')).rows;
    const before = await version();
    expect(before).toHaveLength(1);
    await mark(DAY);
    await look();
    expect(await version()).toEqual(before);
  });

  test('resolves when the weeks that it was compared with are corrected', async () => {
    const id = await addPodcast('corrected', { prefix_only: 100 });
    await download(id, 600);
    await look();
    expect(await alerts()).toMatchObject([{ state: 'open' }]);
    await change(
      `UPDATE listener_totals SET value = value * 3 WHERE tenant_id = $1 AND bucket < $2`,
      new Date(DAY),
    );
    await mark(DAY - 14 * DAY_MS);
    await look();
    expect(await alerts()).toMatchObject([{ state: 'resolved' }]);
  });

  test('of the running day comes within the hour for too many downloads, and never for too few', async () => {
    const [many, few] = [
      await addPodcast('many', { prefix_only: 240 }),
      await addPodcast('few', { prefix_only: 240 }),
    ];
    await download(many, 700, { at: DAY });
    await look(DAY + 30 * 60_000);
    expect(await alerts()).toEqual([]);
    await look(DAY + 6.2 * HOUR_MS);
    expect(await alerts()).toMatchObject([{ title: 'many', direction: 'above', hours: 6, state: 'open' }]);
    await download(many, 300, { at: DAY });
    await look(DAY + 6.8 * HOUR_MS);
    const [early] = await alerts();
    await look(DAY + 7.1 * HOUR_MS);
    const [later] = await alerts();
    expect([early!.hours, later!.hours]).toEqual([6, 7]);
    await look(DAY + 35.5 * HOUR_MS);
    expect(await alerts()).toMatchObject([{ title: 'many', hours: 24 }]);
    await look(DAY + 36.5 * HOUR_MS);
    expect((await told()).map((text) => text.split(' ').slice(0, 2).join(' '))).toEqual([
      'few: below',
      'many: above',
    ]);
    expect(few).not.toBe(many);
  });

  test('of the running day is not found in weeks whose hours retention has removed', async () => {
    const id = await addPodcast('kept for a month', { prefix_only: 240 });
    const hoursFrom = new Date(DAY - 25 * DAY_MS);
    await change(`INSERT INTO retention_horizons (tenant_id, hours_from) VALUES ($1, $2)`, hoursFrom);
    await change(
      `DELETE FROM listener_totals WHERE tenant_id = $1 AND grain = 'hour' AND bucket < $2`,
      hoursFrom,
    );
    await download(id, 480, { at: DAY });
    await look(DAY + 6.2 * HOUR_MS);
    expect(await alerts()).toEqual([]);
    await look();
    expect(await alerts()).toEqual([]);
  });

  test('is put down to no new source where retention has removed downloads of the weeks before', async () => {
    const show = await addPodcast('show', { prefix_only: 100 });
    // What is left of a day that is being removed.
    for (const at of BEFORE) await download(show, 3, { at, app: 'Podlodge' });
    await change(`INSERT INTO retention_horizons (tenant_id, downloads_from) VALUES ($1, $2)`, new Date(DAY));
    await download(show, 900, { at: DAY });
    await look();
    expect(await told()).toEqual(['show: above unknown']);
  });

  test('is raised for a tenant that has fallen silent, until nine weeks have passed', async () => {
    const id = await addPodcast('silent', { prefix_only: 100 });
    await download(id, 200);
    await look();
    expect(await alerts()).toEqual([]);
    for (let hours = 48; hours < 6 * 24; hours += 12) await look(DAY + hours * HOUR_MS);
    expect((await alerts()).map(({ day }) => day)).toEqual([1, 2, 3, 4].map((n) => dateOf(DAY + n * DAY_MS)));
    await change(`DELETE FROM listener_totals WHERE tenant_id = $1`);
    for (let hours = 6 * 24; hours < 9 * 24; hours += 12) await look(DAY + hours * HOUR_MS);
    expect(
      (await change(`SELECT FROM dirty_buckets WHERE tenant_id = $1 AND kind = 'anomaly'`)).rows,
    ).toEqual([]);
  });

  test('is not raised for days that are long past', async () => {
    const id = await addPodcast('past', { prefix_only: 100 });
    await download(id, 900);
    await look(DAY + 36 * DAY_MS);
    expect(await alerts()).toEqual([]);
    await mark(DAY);
    await look(DAY + 34 * DAY_MS);
    expect(await alerts()).toMatchObject([{ title: 'past', state: 'open' }]);
  });
});

test('of 200 clean podcast-days fewer than four raise an alert', async () => {
  const days = Array.from({ length: 64 }, (_, day) => DAY - (63 - day) * DAY_MS);
  const shows = Array.from({ length: 200 }, () => ({
    id: randomUUID(),
    usual: 40 + random.integer(0, 2_000),
  }));
  const rows = shows.flatMap(({ id, usual }) =>
    days.map((at) => {
      const normal = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
      const mean = usual * (1 + 0.3 * Math.sin((2 * Math.PI * at) / (7 * DAY_MS)));
      return { id, at, value: Math.round(mean * Math.exp(0.12 * normal)) };
    }),
  );
  await change(
    `INSERT INTO podcasts (tenant_id, id, title) SELECT $1, unnest($2::uuid[]), 'Clean'`,
    shows.map(({ id }) => id),
  );
  await change(
    `INSERT INTO listener_totals (tenant_id, bucket, podcast_id, value, grain, metric, evidence)
     SELECT $1, at, id, value, 'day', 'downloads', 'prefix_only'
     FROM unnest($2::uuid[], $3::timestamptz[], $4::bigint[]) AS d (id, at, value)`,
    rows.map(({ id }) => id),
    rows.map(({ at }) => new Date(at)),
    rows.map(({ value }) => value),
  );
  await mark(DAY);
  await look();
  expect((await alerts()).length).toBeLessThan(4);
  expect(
    (await change(`SELECT FROM dirty_buckets WHERE tenant_id = $1 AND bucket > $2`, new Date(DAY))).rows,
  ).toHaveLength(1);
});
