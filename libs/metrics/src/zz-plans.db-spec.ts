import { afterAll, beforeAll, test } from '@jest/globals';
import { DAY_MS, toTenantId } from '@lib/primitives';
import {
  connectTestDatabase,
  createTestDatabase,
  createTestTenant,
  type TestConnections,
  type TestDatabase,
  type TestTenant,
} from '@lib/testing';
import { writeFileSync, appendFileSync } from 'node:fs';
import { coverWithGrains } from './domain/cover-with-grains.js';
import { localBuckets } from './domain/local-buckets.js';
import { LocalZone } from './domain/local-zone.js';
import { eventSeries } from './infrastructure/event-series.sql.js';
import { episodeRanking } from './infrastructure/episode-ranking.sql.js';
import { rebuildSums } from './infrastructure/rebuild-sums.sql.js';
import { rebuildSlices } from './infrastructure/rebuild-slices.sql.js';

let database: TestDatabase;
let c: TestConnections;
let t: TestTenant;
let podcasts: string[];
const OUT = '/tmp/plans.txt';
const log = (s: string) => appendFileSync(OUT, s + '\n');
beforeAll(async () => {
  writeFileSync(OUT, '');
  database = await createTestDatabase();
  c = connectTestDatabase(database, { STATEMENT_TIMEOUT_MS: '600000' });
  t = await createTestTenant(database, 'Big', 1000);
  const o = database.owner;
  await o.query(
    `INSERT INTO podcasts (tenant_id,id,title) SELECT $1, gen_random_uuid(), 'p'||g FROM generate_series(1,39) g`,
    [t.tenantId],
  );
  podcasts = (
    await o.query<{ id: string }>(`SELECT id FROM podcasts WHERE tenant_id=$1 ORDER BY id`, [t.tenantId])
  ).rows.map((r) => r.id);
  await o.query(
    `UPDATE episodes e SET podcast_id = ($2::uuid[])[1 + n % 40] FROM (SELECT id, row_number() OVER (ORDER BY id) n FROM episodes WHERE tenant_id=$1) x WHERE e.id=x.id AND e.tenant_id=$1`,
    [t.tenantId, podcasts],
  );
  const fill = (grain: string, from: string, to: string, step: string, p: number) =>
    o.query(
      `INSERT INTO listener_metrics (tenant_id,bucket,podcast_id,episode_id,value,grain,metric,evidence)
     SELECT $1, b, e.podcast_id, e.id, 1+floor(random()*50), $2, m, CASE m WHEN 'play' THEN 'client_confirmed' ELSE 'prefix_only' END
     FROM generate_series($3::timestamptz, $4::timestamptz, $5::interval) b, episodes e, unnest(ARRAY['play','download_request']) m
     WHERE e.tenant_id=$1 AND random() < $6`,
      [t.tenantId, grain, from, to, step, p],
    );
  await fill('day', '2025-04-01', '2026-03-31', '1 day', 0.5);
  await fill('hour', '2026-03-01', '2026-03-31 23:00', '1 hour', 0.25);
  await fill('slice', '2026-03-24', '2026-03-31 23:55', '5 minutes', 0.07);
  for (let i = 0; i < 5; i++) {
    const s = await createTestTenant(database, 's' + i, 20);
    await o.query(
      `INSERT INTO listener_metrics (tenant_id,bucket,podcast_id,episode_id,value,grain,metric,evidence)
     SELECT $1, b, e.podcast_id, e.id, 3, 'day', 'play', 'client_confirmed' FROM generate_series('2025-04-01'::timestamptz,'2026-03-31','1 day') b, episodes e WHERE e.tenant_id=$1`,
      [s.tenantId],
    );
  }
  await o.query('VACUUM ANALYZE listener_metrics');
  await o.query('ANALYZE episodes');
  log(JSON.stringify((await o.query(`SELECT grain, count(*) FROM listener_metrics GROUP BY 1`)).rows));
}, 600000);
afterAll(async () => {
  await c.close();
  await database.drop();
});

async function measure(name: string, work: (sql: any) => Promise<unknown>, full = false) {
  let best = Infinity, line = '', text0 = '';
  for (const round of [1, 2, 3, 4]) {
    await c.db.run(t.tenantId, async () => {
      const explain: any = async (text: string, params: unknown[]) => {
        const rows = await c.db.current.sql<any>('EXPLAIN (ANALYZE, BUFFERS, TIMING OFF) ' + text, params);
        const plan = rows.map((r: any) => r['QUERY PLAN']).join('\n'); text0 = plan;
        const ms = Number(/Execution Time: ([\d.]+)/.exec(plan)?.[1]);
        if (ms < best) { best = ms; const scans = [...new Set([...plan.matchAll(/(?:Scan[^\n]*? using (\w+)|Bitmap Index Scan on (\w+)|Seq Scan on (\w+))/g)].map((m: any) => m[0].replace(/\s+/g,' ')))];
          line = `${name}: exec ${ms} ms plan ${/Planning Time: ([\d.]+)/.exec(plan)?.[1]} ms ${/Buffers: [^\n]*/.exec(plan)?.[0]} | ${scans.join('; ')}`; }
        return [];
      };
      await work(explain);
    });
  }
  log(line); if (full) log(text0);
}
const zones: [string, 'hour' | 'day' | 'week' | 'month', string, string][] = [
  ['UTC', 'day', '2025-04-01', '2026-04-01'],
  ['UTC', 'month', '2025-04-01', '2026-04-01'],
  ['Europe/Berlin', 'day', '2026-03-01', '2026-04-01'],
  ['Europe/Berlin', 'month', '2026-03-02', '2026-03-31'],
  ['Asia/Kolkata', 'day', '2026-03-25', '2026-03-31'],
  ['UTC', 'hour', '2026-03-01', '2026-04-01'],
];
async function all(label: string, full = false) {
  log('==== ' + label);
  const tid = toTenantId(t.tenantId);
  const ep = (
    await database.owner.query<{ id: string; podcast_id: string }>(
      'SELECT id, podcast_id FROM episodes WHERE tenant_id=$1 LIMIT 1',
      [t.tenantId],
    )
  ).rows[0]!;
  const scopes = {
    tenant: { podcastId: null, episodeId: null },
    podcast: { podcastId: ep.podcast_id, episodeId: null },
    episode: { podcastId: null, episodeId: ep.id },
    episodeAndPodcast: { podcastId: ep.podcast_id, episodeId: ep.id },
  };
  for (const [scopeName, scope] of Object.entries(scopes))
    for (const [z, i, f, to] of zones) {
      const zone = new LocalZone(z);
      const a = zone.instant(Date.parse(f + 'T00:00Z')),
        b = zone.instant(Date.parse(to + 'T00:00Z'));
      const starts = localBuckets(zone, i, a, b, 801);
      await measure(
        `${scopeName} ${z} ${i}`,
        (sql) =>
          eventSeries(sql, tid, starts, coverWithGrains(starts, b), {
            ...scope,
            metrics: ['play'],
            evidence: null,
          }),
        full && z === 'Asia/Kolkata',
      );
    }
  const b = Date.parse('2026-04-01T00:00Z'),
    a = Date.parse('2025-04-01T00:00Z');
  await measure(
    'top tenant',
    (sql) =>
      episodeRanking(
        sql,
        tid,
        coverWithGrains([a], b),
        { podcastId: null, episodeId: null, metrics: ['play'], evidence: null },
        10,
      ),
    full,
  );
  await measure('top podcast', (sql) =>
    episodeRanking(
      sql,
      tid,
      coverWithGrains([a], b),
      { podcastId: ep.podcast_id, episodeId: null, metrics: ['play'], evidence: null },
      10,
    ),
  );
  await measure('sum hour', (sql) => rebuildSums(sql, tid, 'hour', [new Date('2026-03-31T10:00Z')]), full);
  await measure('sum day', (sql) => rebuildSums(sql, tid, 'day', [new Date('2026-03-31T00:00Z')]), full);
  // update cost
  const o = database.owner;
  await o.query('SELECT pg_stat_reset()');
  const s = Date.now();
  for (let k = 0; k < 20; k++)
    await o.query(
      `UPDATE listener_metrics SET value=value+1 WHERE tenant_id=$1 AND grain='day' AND bucket='2026-03-31'`,
      [t.tenantId],
    );
  log(`20 updates of a day: ${Date.now() - s} ms`);
  await new Promise((r) => setTimeout(r, 1500));
  log(
    JSON.stringify(
      (
        await o.query(
          `SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname='listener_metrics'`,
        )
      ).rows,
    ),
  );
  log(
    JSON.stringify(
      (
        await o.query(
          `SELECT indexrelname, pg_size_pretty(pg_relation_size(indexrelid)) size FROM pg_stat_user_indexes WHERE relname='listener_metrics'`,
        )
      ).rows,
    ),
  );
}
test('plans', async () => {
  const o = database.owner;
  const ddl = async (...texts: string[]) => { for (const x of [...texts, 'VACUUM FULL listener_metrics', 'VACUUM ANALYZE listener_metrics']) await o.query(x); };
  await o.query(`INSERT INTO metrics_daily (tenant_id, day, podcast_id, metric, evidence, rule_set_id, value, episodes) SELECT tenant_id, bucket::date, podcast_id, metric, evidence, rule_set_id, sum(value), count(*) FROM listener_metrics WHERE grain='day' GROUP BY 1,2,3,4,5,6`);
  await o.query('VACUUM ANALYZE metrics_daily');
  await measure('metrics_daily tenant UTC day', (sql) => sql(`SELECT metric, evidence, day, sum(value) FROM metrics_daily WHERE tenant_id=$1 AND day >= '2025-04-01' AND day < '2026-04-01' AND metric='play' GROUP BY 1,2,3`, [t.tenantId]));
  await measure('plain sum', (sql) => sql(`SELECT sum(value) FROM listener_metrics WHERE tenant_id=$1 AND grain='day' AND bucket >= '2025-04-01' AND bucket < '2026-04-01' AND metric='play'`, [t.tenantId]));
  await all('A as is', true);
  await ddl('DROP INDEX listener_metrics_podcast', 'CREATE INDEX lm_p ON listener_metrics (tenant_id, podcast_id, grain, metric, bucket, episode_id)', 'ALTER TABLE listener_metrics SET (fillfactor=90)');
  await all('G podcast, grain, metric, bucket, episode; hot; ff90', true);
}, 900000);
