import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@lib/testing';
import fc from 'fast-check';
import type pg from 'pg';
import { runInSteps } from './run-in-steps.js';

let database: TestDatabase;
let client: pg.PoolClient;

beforeAll(async () => {
  database = await createTestDatabase();
  client = await database.owner.connect();
  await client.query('CREATE TABLE stock (id int PRIMARY KEY, bins int[], at timestamptz, amount bigint)');
});
afterAll(async () => {
  client.release(true);
  await database.drop();
});
beforeEach(async () => {
  await client.query('TRUNCATE stock');
  await client.query(
    `INSERT INTO stock SELECT n, ARRAY[n, NULL, 7], timestamptz '2026-01-01 00:00:00.123456Z' + n * interval '1 day', n
     FROM generate_series(1, 4) n`,
  );
});

/** Like the statements of our rollups: reads what differs, removes, upserts with an addition, and says how much that was. */
const REPLACE = `
  WITH fresh AS MATERIALIZED (
    SELECT id, amount FROM unnest($2::int[], $3::bigint[]) AS f (id, amount)
  ), stored AS (SELECT * FROM stock WHERE id >= $1
  ), difference AS MATERIALIZED (
    SELECT coalesce(f.id, s.id) AS id, f.amount, s.bins, s.at, coalesce(f.amount, 0) - coalesce(s.amount, 0) AS added
    FROM fresh f FULL JOIN stored s ON s.id = f.id WHERE f.amount IS DISTINCT FROM s.amount
  ), removed AS (
    DELETE FROM stock t USING difference d WHERE t.id = d.id AND d.amount IS NULL RETURNING 1
  ), written AS (
    INSERT INTO stock (id, bins, at, amount) SELECT id, bins, at, amount FROM difference WHERE amount IS NOT NULL
    ON CONFLICT (id) DO UPDATE SET bins = EXCLUDED.bins, at = EXCLUDED.at, amount = EXCLUDED.amount RETURNING 1
  ), total AS (
    INSERT INTO stock AS t (id, amount) SELECT 0, sum(added)::bigint FROM difference HAVING count(*) > 0
    ON CONFLICT (id) DO UPDATE SET amount = t.amount + EXCLUDED.amount
  )
  SELECT ((SELECT count(*) FROM removed) + (SELECT count(*) FROM written))::int AS written, $4::text AS said`;

async function outcomeOf(run: () => Promise<unknown>): Promise<unknown> {
  await client.query('BEGIN');
  const answer = await run();
  const { rows } = await client.query('SELECT id, bins, at::text, amount FROM stock ORDER BY id');
  await client.query('ROLLBACK');
  return { answer, rows };
}

describe('a statement in steps', () => {
  test('answers and leaves behind what it does as a whole', async () => {
    const amounts = fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 6 }), fc.bigInt(0n, 1n << 60n)), {
      selector: ([id]) => id,
    });
    await fc.assert(
      fc.asyncProperty(amounts, fc.integer({ min: 1, max: 5 }), async (fresh, from) => {
        const kept = fresh.filter(([id]) => id >= from);
        const params = [from, kept.map(([id]) => id), kept.map(([, amount]) => amount), 'done'];
        const whole = await outcomeOf(async () => (await client.query<object>(REPLACE, params)).rows);
        expect(await outcomeOf(() => runInSteps(client, REPLACE, params))).toEqual(whole);
      }),
      { numRuns: 40 },
    );
  });

  test('may begin with an INSERT, and end with one that reads rows without columns', async () => {
    const added = `WITH added AS (INSERT INTO stock (id) SELECT n FROM generate_series($1::int, $2) n ON CONFLICT DO NOTHING
      RETURNING id, at) SELECT array_agg(id ORDER BY id) AS ids FROM added`;
    expect(await runInSteps(client, added, [3, 6])).toEqual([{ ids: [5, 6] }]);
    const unless = `WITH there AS (SELECT FROM stock WHERE id = $1)
      INSERT INTO stock (id) SELECT $2::int WHERE NOT EXISTS (SELECT FROM there)`;
    await runInSteps(client, unless, [6, 60]);
    await runInSteps(client, unless, [9, 90]);
    const { rows } = await client.query('SELECT id FROM stock WHERE id > 6');
    expect(rows).toEqual([{ id: 90 }]);
  });

  test.each([
    'SELECT 1',
    "WITH a AS (SELECT 'INSERT INTO x') SELECT * FROM a",
    'WITH gone AS (DELETE FROM stock RETURNING id) SELECT count(*) FROM gone',
  ])('is none where every engine runs it as a whole: %s', async (text) => {
    expect(await runInSteps(client, text)).toBeUndefined();
  });
});
