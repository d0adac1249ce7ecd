import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Sql } from '@lib/database';
import { toTenantId } from '@lib/primitives';
import { createTestDatabase, createTestTenant, type TestDatabase, type TestTenant } from '@lib/testing';
import pg from 'pg';
import { listEpisodes, searchEpisodes } from './episodes.sql.js';
import { searchPodcasts } from './podcasts.sql.js';

const EPISODES = 20_000;

let database: TestDatabase;
let app: pg.Client;
let mine: TestTenant;
let other: TestTenant;

beforeAll(async () => {
  database = await createTestDatabase();
  mine = await createTestTenant(database, 'Mine', 0);
  other = await createTestTenant(database, 'Other', 0);
  await fill(mine, EPISODES);
  await fill(other, EPISODES);
  await name(mine, 'The lighthouse keeper of Skerry', '100% of_tide \\ time', 'Öl und Größe');
  await name(other, 'The lighthouse that is not mine', '100% of_tide elsewhere');
  await database.owner.query('VACUUM ANALYZE podcasts, episodes');
  app = new pg.Client({ connectionString: database.urls.app });
  await app.connect();
});
afterAll(async () => {
  await app.end();
  await database.drop();
});

async function fill({ tenantId, podcastId }: TestTenant, count: number): Promise<void> {
  await database.owner.query(
    `INSERT INTO episodes (tenant_id, id, podcast_id, guid, title)
     SELECT $1, gen_random_uuid(), $2, 'g' || n, 'Episode ' || n || ' ' || md5(n::text)
     FROM generate_series(1, $3) n`,
    [tenantId, podcastId, count],
  );
}

async function name({ tenantId, podcastId }: TestTenant, ...titles: string[]): Promise<void> {
  await database.owner.query(
    `INSERT INTO episodes (tenant_id, id, podcast_id, guid, title)
     SELECT $1, gen_random_uuid(), $2, t, t FROM unnest($3::text[]) t`,
    [tenantId, podcastId, titles],
  );
}

async function as<T>({ tenantId }: TestTenant, work: (sql: Sql) => Promise<T>): Promise<T> {
  await app.query(`BEGIN READ ONLY; SELECT set_tenant_context('${tenantId}')`);
  try {
    const sql: Sql = async (text, params) => (await app.query(text, params as unknown[])).rows as never;
    return await work(sql);
  } finally {
    await app.query('ROLLBACK');
  }
}

function titles(tenant: TestTenant, query: string, limit = 20): Promise<string[]> {
  return as(tenant, async (sql) => {
    const found = await searchEpisodes(sql, toTenantId(tenant.tenantId), query, null, limit);
    return found.map(({ title }) => title);
  });
}

/** What the indexes of episodes were asked until now, this connection included. */
async function indexUse(): Promise<{ trigramScans: number; entriesRead: number }> {
  await app.query('SELECT pg_stat_force_next_flush()');
  const { rows } = await app.query<{ scans: number; entries: number }>(
    `SELECT sum(idx_scan) FILTER (WHERE indexrelname = 'episodes_title_trgm')::integer AS scans,
            sum(idx_tup_read)::integer AS entries
     FROM pg_stat_user_indexes WHERE relname = 'episodes'`,
  );
  return { trigramScans: rows[0]!.scans, entriesRead: rows[0]!.entries };
}

describe('search', () => {
  test('finds a part of a title in any case, and a misspelt word', async () => {
    expect(await titles(mine, 'LIGHTHOUSE KEEP')).toEqual(['The lighthouse keeper of Skerry']);
    expect(await titles(mine, 'lighthose')).toEqual(['The lighthouse keeper of Skerry']);
    expect(await titles(mine, 'größe')).toEqual(['Öl und Größe']);
    expect(await titles(mine, 'Ö')).toEqual(['Öl und Größe']);
  });

  test('takes wildcards of LIKE as plain characters', async () => {
    expect((await titles(mine, '100% of_'))[0]).toBe('100% of_tide \\ time');
    expect((await titles(mine, '\\ time'))[0]).toBe('100% of_tide \\ time');
    expect(await titles(mine, '%%%%')).toEqual([]);
  });

  test('reads a handful of index entries instead of every title, however often it has run', async () => {
    // From its sixth run on a function may get a plan made for any query.
    for (let run = 0; run < 8; run += 1) await titles(mine, 'lighthouse');
    const before = await indexUse();
    await titles(mine, 'lighthouse');
    const after = await indexUse();
    expect(after.trigramScans).toBeGreaterThan(before.trigramScans);
    expect(after.entriesRead - before.entriesRead).toBeLessThan(10);
  });

  test('never finds what belongs to another tenant', async () => {
    const found = await titles(mine, 'lighthouse', 200);
    expect(found).toEqual(['The lighthouse keeper of Skerry']);
    expect(await titles(other, 'lighthouse', 200)).toEqual(['The lighthouse that is not mine']);
    const podcasts = await as(mine, (sql) => searchPodcasts(sql, toTenantId(mine.tenantId), 'podcast', 200));
    expect(podcasts.map(({ title }) => title)).toEqual(['Mine podcast']);
  });

  test('answers nothing without a tenant', async () => {
    await expect(app.query("SELECT * FROM search_episodes('lighthouse', NULL, 10)")).rejects.toMatchObject({
      code: '42501',
    });
    await expect(app.query("SELECT * FROM search_podcasts('podcast', 10)")).rejects.toMatchObject({
      code: '42501',
    });
  });

  test('gives not more than the limit, of equals the shorter title first', async () => {
    const found = await titles(mine, 'episode', 3);
    expect(found).toHaveLength(3);
    expect(found.map((title) => title.length)).toEqual([...found.map((title) => title.length)].sort());
  });
});

describe('the list of all episodes', () => {
  test('reads its page from an index, also in the middle of twenty thousand', async () => {
    const { sortKey } = await as(mine, async (sql) => {
      const [row] = await sql<{ sortKey: string }>('SELECT min(created_at)::text AS "sortKey" FROM episodes');
      return row!;
    });
    const after = { sortKey, id: '80000000-0000-0000-0000-000000000000' };
    const page = () => as(mine, (sql) => listEpisodes(sql, toTenantId(mine.tenantId), 10, after));
    const before = await indexUse();
    expect(await page()).toHaveLength(10);
    expect((await indexUse()).entriesRead - before.entriesRead).toBeLessThan(50);
  });
});
