import { appendFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, test } from '@jest/globals';
import { createLogger } from '@lib/observability';
import { connectTestDatabase, createTestDatabase, createTestTenant, type TestConnections, type TestDatabase, type TestTenant } from '@lib/testing';
import { RecentTenants } from './application/recent-tenants.js';
import { RefreshAggregates } from './application/refresh-aggregates.js';
let database: TestDatabase; let c: TestConnections; let t: TestTenant;
const log = (s: string) => appendFileSync('/tmp/scale.txt', s + '\n');
beforeAll(async () => {
  writeFileSync('/tmp/scale.txt', '');
  database = await createTestDatabase();
  c = connectTestDatabase(database, { STATEMENT_TIMEOUT_MS: '300000' });
  await database.owner.query(`SELECT ensure_partitions('2026-03-02', '2026-03-16')`);
  t = await createTestTenant(database, 'Big', 1000);
  await database.owner.query(`ALTER TABLE listener_metrics SET (autovacuum_enabled = false); ALTER TABLE dirty_buckets SET (autovacuum_enabled = false)`);
  await database.owner.query(`INSERT INTO listener_events (tenant_id, occurred_at, event_id, episode_id, received_at, payload_hash, payload_hash_version, trusted_sender, event_type)
   SELECT $1, '2026-03-03T00:00Z'::timestamptz + random() * interval '24 hours', gen_random_uuid(), ($2::uuid[])[1 + floor(random()*1000)], now(), 0, 1, false, (ARRAY['play','download_request'])[1+floor(random()*2)]
   FROM generate_series(1, 100000)`, [t.tenantId, t.episodeIds]);
  log('seeded');
}, 300000);
afterAll(async () => { await c.close(); await database.drop(); });
test('scale', async () => {
  const db = c.db;
  const run = db.run.bind(db);
  (db as any).run = (tenant: string, work: any, o: any) => run(tenant, async () => {
    const scope = db.current as any; const real = scope.sql;
    scope.sql = async (text: string, params: any) => { const s = performance.now(); try { if (text.includes('touched')) { const p = await real('EXPLAIN (ANALYZE, BUFFERS, TIMING OFF) ' + text, params); log(p.map((r: any) => r['QUERY PLAN']).join('\n')); return []; } return await real(text, params); } finally { log(`${Math.round(performance.now()-s)} ${text.replace(/\s+/g,' ').slice(0,60)}`); } };
    return work();
  }, o);
  const r = new RefreshAggregates(db, c.app, createLogger('error'), new RecentTenants());
  for (const step of ['first', 'again', 'one']) {
    await database.owner.query(`INSERT INTO dirty_buckets (tenant_id, kind, bucket) SELECT $1, 'slice', b FROM generate_series('2026-03-03T00:00Z'::timestamptz, $2::timestamptz, interval '5 minutes') b`, [t.tenantId, step === 'one' ? '2026-03-03T00:00Z' : '2026-03-03T23:55Z']);
    log('---- ' + step); const s = Date.now();
    log(JSON.stringify(await r.run()) + ' ' + (Date.now() - s) + ' ms');
  }
  log(JSON.stringify((await database.owner.query('SELECT grain, count(*) FROM listener_metrics GROUP BY 1')).rows));
}, 300000);
