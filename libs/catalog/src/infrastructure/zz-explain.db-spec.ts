import { test } from '@jest/globals';
import { createTestDatabase, createTestTenant } from '@lib/testing';

test('explain', async () => {
  const db = await createTestDatabase();
  const a = await createTestTenant(db, 'A', 1);
  const b = await createTestTenant(db, 'B', 1);
  for (const t of [a, b]) {
    await db.owner.query(
      `INSERT INTO episodes (tenant_id, id, podcast_id, guid, title)
       SELECT $1, gen_random_uuid(), $2, 'g' || n, 'Episode ' || n || ' ' || md5(n::text) || ' the ' || md5((n*7)::text) FROM generate_series(1, 20000) n`, [t.tenantId, t.podcastId]);
  }
  await db.owner.query(`INSERT INTO episodes (tenant_id, id, podcast_id, guid, title) VALUES ($1, gen_random_uuid(), $2, 'x1', 'The lighthouse keeper of Skerry'), ($1, gen_random_uuid(), $2, 'x2', '100% of_the \\ time')`, [a.tenantId, a.podcastId]);
  await db.owner.query('VACUUM ANALYZE episodes');
  const c = await db.owner.connect();
  const out: string[] = [];
  for (const q of ['lighthouse', 'lihgthouse keepr', 'ab', 'episode', 'the', '100%', 'x']) {
    for (const cond of [
      `(e.title ILIKE '%' || replace(replace(replace($2, '\\', '\\\\'), '%', '\\%'), '_', '\\_') || '%' OR $2 <% e.title)`,
    ]) {
      await c.query('BEGIN'); await c.query('SET LOCAL ROLE podcast_search'); await c.query('SET LOCAL plan_cache_mode = force_generic_plan');
      const r = await c.query(`EXPLAIN (ANALYZE, BUFFERS) SELECT e.id, greatest(similarity(e.title, $2), word_similarity($2, e.title)) AS score FROM public.episodes e
        WHERE e.tenant_id = $1 AND e.archived_at IS NULL AND ($3::uuid IS NULL OR e.podcast_id = $3) AND ${cond} ORDER BY 2 DESC, e.id LIMIT $4`, [a.tenantId, q, null, 20]);
      out.push(q, ...r.rows.map((x: any) => x['QUERY PLAN']), '');
      await c.query('ROLLBACK');
    }
    await c.query('BEGIN'); await c.query('SET LOCAL ROLE podcast_app'); await c.query(`SELECT set_tenant_context('${a.tenantId}')`);
    const t0 = performance.now();
    const r = await c.query('SELECT * FROM search_episodes($1, NULL, 20)', [q]);
    out.push(`function: ${r.rows.length} rows ${(performance.now() - t0).toFixed(1)} ms`, '');
    await c.query('ROLLBACK');
  }
  c.release();
  process.stderr.write(out.join('\n'));
  await db.drop();
}, 120000);
