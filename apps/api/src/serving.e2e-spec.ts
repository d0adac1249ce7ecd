import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { MetricsModule, RefreshAggregates, RefreshListening } from '@lib/metrics';
import {
  createTestNetwork,
  createTestRuleSet,
  showTestDownloads,
  startTestApi,
  type Answer,
  type TestApi,
  type TestNetwork,
} from '@lib/testing';
import { LazyModuleLoader } from '@nestjs/core';
import type pg from 'pg';
import { register } from 'prom-client';
import { createApi } from './create-api.js';

const DAY = { from: '2026-03-02', to: '2026-03-03', timeZone: 'UTC' };
/** Longer than an answer is given without a look. */
const STALE_MS = 1_100;

interface Totals {
  asOf: string;
  ruleSets: { id: string }[];
  switchingDays: string[];
  totals: { metric: string; value: number }[];
}
interface Ranking {
  rankings: { episodes: { title: string }[] }[];
}

let api: TestApi;
let refresh: RefreshAggregates;
let listening: RefreshListening;
let network: TestNetwork;

beforeAll(async () => {
  api = await startTestApi(createApi, { METRICS_STATEMENT_TIMEOUT_MS: '400', METRICS_FRESH_MS: '1000' });
  await api.database.owner.query(`SELECT ensure_partitions('2026-03-01', '2026-03-08')`);
  const worker = await api.app.get(LazyModuleLoader).load(() => MetricsModule);
  refresh = worker.get(RefreshAggregates);
  listening = worker.get(RefreshListening);
});
afterAll(() => api.close());
beforeEach(async () => {
  network = await createTestNetwork(api);
});

/** Stores plays with their marks, as ingestion does. */
async function play({ tenantId, episodeId }: TestNetwork, ...times: string[]): Promise<void> {
  await api.database.owner.query(
    `WITH stored AS (
       INSERT INTO listener_events (tenant_id, occurred_at, event_id, episode_id, received_at, payload_hash,
                                    payload_hash_version, trusted_sender, event_type)
       SELECT $1, at, gen_random_uuid(), $3, now(), 0, 1, false, 'play' FROM unnest($2::timestamptz[]) at
       RETURNING occurred_at
     )
     INSERT INTO dirty_buckets (tenant_id, kind, bucket)
     SELECT $1, 'slice', date_bin('5 minutes', occurred_at, 'epoch') FROM stored`,
    [tenantId, times, episodeId],
  );
}

async function playAndRefresh(of: TestNetwork, ...times: string[]): Promise<void> {
  await play(of, ...times);
  while ((await refresh.run()).days > 0);
  while ((await listening.run()).days > 0);
}

function ask<Body = Totals>(
  path = 'totals',
  query: Record<string, string> = {},
  headers: Record<string, string> = {},
): Promise<Answer<Body>> {
  const search = new URLSearchParams({ ...DAY, ...query }).toString();
  return api.call<Body>('GET', `/v1/metrics/${path}?${search}`, { key: network.key, headers });
}

const plays = ({ body }: Answer<Totals>) => body.totals.find(({ metric }) => metric === 'play')?.value;

/** Which ways answers took while `work` ran. */
async function sources(work: () => Promise<unknown>): Promise<Record<string, number>> {
  const counts = async () => {
    const { values } = await register.getSingleMetric('metrics_answers_total')!.get();
    return Object.fromEntries(values.map(({ labels, value }) => [String(labels['source']), value]));
  };
  const before = await counts();
  await work();
  const after = await counts();
  return Object.fromEntries(
    Object.entries(after)
      .map(([source, count]) => [source, count - (before[source] ?? 0)] as const)
      .filter(([, count]) => count > 0),
  );
}

/** Brings the podcast up to a feed, as people do who upload a file. */
async function uploadFeed(feed: string): Promise<void> {
  const form = new FormData();
  form.append('file', new Blob([feed]), 'feed.xml');
  const encoded = new Response(form);
  const { status } = await api.call(
    'POST',
    `/v1/podcasts/import-feed/upload?podcastId=${network.podcastId}`,
    {
      key: network.key,
      headers: { 'content-type': encoded.headers.get('content-type') ?? '' },
      body: Buffer.from(await encoded.arrayBuffer()),
    },
  );
  expect(status).toBe(200);
}

async function watermark(): Promise<number> {
  const { rows } = await api.database.owner.query<{ version: string }>(
    'SELECT version FROM aggregate_watermarks WHERE tenant_id = $1',
    [network.tenantId],
  );
  return Number(rows[0]?.version ?? 0);
}

describe('an answer', () => {
  test('is given again for a second as it was, and then after a look with a later asOf', async () => {
    await playAndRefresh(network, '2026-03-02T10:00:00Z');
    const first = await ask();
    expect(plays(first)).toBe(1);
    const again = await sources(async () => expect((await ask()).body).toEqual(first.body));
    expect(again).toEqual({ hit: 1 });
    await sleep(STALE_MS);
    const looked = await sources(async () => {
      const later = await ask();
      expect(Date.parse(later.body.asOf)).toBeGreaterThan(Date.parse(first.body.asOf));
      expect({ ...later.body, asOf: first.body.asOf }).toEqual(first.body);
    });
    expect(looked).toEqual({ revalidated: 1 });
  });

  test('never says that it holds an event which it does not hold', async () => {
    await playAndRefresh(network, '2026-03-02T10:00:00Z');
    await ask();
    await play(network, '2026-03-02T11:00:00Z');
    const { rows } = await api.database.owner.query<{ at: Date }>(
      `SELECT min(marked_at) AS at FROM dirty_buckets WHERE tenant_id = $1 AND kind = 'slice'`,
      [network.tenantId],
    );
    await sleep(STALE_MS);
    const waiting = await ask();
    expect(plays(waiting)).toBe(1);
    expect(Date.parse(waiting.body.asOf)).toBeLessThanOrEqual(rows[0]!.at.getTime());
    while ((await refresh.run()).days > 0);
    await sleep(STALE_MS);
    expect(await sources(async () => expect(plays(await ask())).toBe(2))).toEqual({ miss: 1 });
  });

  test('is worked out once for all who ask the same at once, in whatever order they write it', async () => {
    await playAndRefresh(network, '2026-03-02T10:00:00Z');
    const turned = `/v1/metrics/totals?timeZone=UTC&to=${DAY.to}&from=${DAY.from}`;
    const counted = await sources(async () => {
      const answers = await Promise.all([
        ...Array.from({ length: 9 }, () => ask()),
        api.call<Totals>('GET', turned, { key: network.key }),
      ]);
      expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    });
    expect(counted['miss']).toBe(1);
    expect((counted['shared'] ?? 0) + (counted['hit'] ?? 0)).toBe(9);
  });

  test('is the tenant’s own', async () => {
    await playAndRefresh(network, '2026-03-02T10:00:00Z');
    expect(plays(await ask())).toBe(1);
    network = await createTestNetwork(api);
    expect(plays(await ask())).toBe(0);
  });

  test('is anew when another recount or rule set is shown, though no number changed', async () => {
    await playAndRefresh(network, '2026-03-02T10:00:00Z');
    expect((await ask()).body.ruleSets).toEqual([]);
    const ruleSetId = await createTestRuleSet(api.database, network.tenantId, '1.0.0');
    await api.database.owner.query(
      `INSERT INTO counted_days (tenant_id, day, rule_set_id, files_as_of) VALUES ($1, '2026-03-02', $2, now())`,
      [network.tenantId, ruleSetId],
    );
    await sleep(STALE_MS);
    expect((await ask()).body.ruleSets).toMatchObject([{ id: ruleSetId }]);
  });

  test('names an episode as it is called now', async () => {
    await playAndRefresh(network, '2026-03-02T10:00:00Z');
    const titles = async () =>
      (await ask<Ranking>('top-episodes', { metric: 'play' })).body.rankings[0]!.episodes.map(
        ({ title }) => title,
      );
    expect(await titles()).toEqual(['One']);
    await api.call('PATCH', `/v1/episodes/${network.episodeId}`, {
      key: network.key,
      body: { title: 'First' },
    });
    await sleep(STALE_MS);
    expect(await titles()).toEqual(['First']);
  });

  test('knows how old an episode is by the date of publication that it has now', async () => {
    const { tenantId, key, podcastId, episodeId } = network;
    const ruleSetId = await createTestRuleSet(api.database, tenantId, 'test');
    await showTestDownloads(api.database, tenantId, ruleSetId, [
      { day: '2026-03-02', podcastId, episodeId, downloads: 3 },
    ]);
    await playAndRefresh(network, '2026-03-02T12:00:00Z');
    const shares = async () =>
      (await ask<{ levels: { undated: number; backCatalogue: number }[] }>('back-catalogue')).body.levels[0]!;
    expect(await shares()).toMatchObject({ undated: 3, backCatalogue: 0 });
    expect(await sources(shares)).toEqual({ hit: 1 });
    const body = { publishedAt: '2025-03-02T12:00:00Z' };
    expect((await api.call('PATCH', `/v1/episodes/${episodeId}`, { key, body })).status).toBe(200);
    await sleep(STALE_MS);
    expect(await shares()).toMatchObject({ undated: 0, backCatalogue: 3 });
  });

  test('is not given to whoever may not ask', async () => {
    const made = await api.call<{ credential: string }>('POST', '/v1/keys', {
      key: network.key,
      body: { name: 'sender', scopes: ['ingest'] },
    });
    const path = `/v1/metrics/totals?${new URLSearchParams(DAY).toString()}`;
    const status = async (key?: string) => (await api.call('GET', path, { key })).status;
    expect(await status(network.key)).toBe(200);
    expect(await status(made.body.credential)).toBe(403);
    expect(await status()).toBe(401);
  });
});

describe('an entity tag', () => {
  test('saves the body while the numbers stand, and not when they changed', async () => {
    await playAndRefresh(network, '2026-03-02T10:00:00Z');
    const first = await ask();
    const etag = String(first.headers['etag']);
    expect(etag).toMatch(/^W\/"[\w-]+"$/);
    expect(first.headers).toMatchObject({
      'cache-control': 'private, no-cache',
      'content-type': 'application/json; charset=utf-8',
    });
    expect(String(first.headers['vary'])).toContain('Authorization');
    const same = await ask('totals', {}, { 'if-none-match': `"other", ${etag}` });
    expect(same).toMatchObject({ status: 304, body: '', headers: { etag } });
    await playAndRefresh(network, '2026-03-02T11:00:00Z');
    await sleep(STALE_MS);
    const changed = await ask('totals', {}, { 'if-none-match': etag });
    expect(changed.status).toBe(200);
    expect(plays(changed)).toBe(2);
  });

  test('stays the same where only another day changed', async () => {
    await playAndRefresh(network, '2026-03-02T10:00:00Z');
    const { etag } = (await ask()).headers;
    await playAndRefresh(network, '2026-03-04T10:00:00Z');
    await sleep(STALE_MS);
    const counted = await sources(async () =>
      expect((await ask('totals', {}, { 'if-none-match': String(etag) })).status).toBe(304),
    );
    expect(counted).toEqual({ miss: 1 });
  });
});

describe('the watermark', () => {
  test.each<[string, () => Promise<unknown>]>([
    ['an event that was counted', () => playAndRefresh(network, '2026-03-02T10:00:00Z')],
    [
      'an episode that was changed',
      () =>
        api.call('PATCH', `/v1/episodes/${network.episodeId}`, { key: network.key, body: { title: 'A' } }),
    ],
    [
      'a podcast that was changed',
      () =>
        api.call('PATCH', `/v1/podcasts/${network.podcastId}`, { key: network.key, body: { title: 'A' } }),
    ],
    [
      'a feed that renames its podcast',
      () => uploadFeed('<rss version="2.0"><channel><title>Tides and Currents</title></channel></rss>'),
    ],
    [
      'another time zone',
      () => api.call('PATCH', '/v1/tenant', { key: network.key, body: { timeZone: 'Asia/Tokyo' } }),
    ],
  ])('is moved by %s', async (_, change) => {
    const before = await watermark();
    await change();
    expect(await watermark()).toBeGreaterThan(before);
  });

  test('stays where a refresh finds nothing new', async () => {
    await playAndRefresh(network, '2026-03-02T10:00:00Z');
    const before = await watermark();
    await api.database.owner.query(
      `INSERT INTO dirty_buckets (tenant_id, kind, bucket) VALUES ($1, 'slice', '2026-03-02T10:00Z')`,
      [network.tenantId],
    );
    while ((await refresh.run()).days > 0);
    expect(await watermark()).toBe(before);
  });
});

describe('a question that fails', () => {
  test('is asked again the next time', async () => {
    const path = { podcastId: randomUUID() };
    expect((await ask('totals', path)).status).toBe(404);
    const counted = await sources(async () => expect((await ask('totals', path)).status).toBe(404));
    expect(counted).toEqual({ miss: 1 });
  });

  test('is refused with what to narrow when it would take too long', async () => {
    const holder: pg.PoolClient = await api.database.owner.connect();
    try {
      await holder.query('BEGIN; LOCK TABLE listener_totals IN ACCESS EXCLUSIVE MODE');
      const answer = await ask<{ code: string; detail: string }>();
      expect(answer).toMatchObject({ status: 422, body: { code: 'query_too_slow' } });
      expect(answer.body.detail).toContain('shorter range');
    } finally {
      await holder.query('ROLLBACK');
      holder.release();
    }
    expect((await ask()).status).toBe(200);
  });
});
