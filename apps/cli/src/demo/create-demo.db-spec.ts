import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { createTestDatabase, testSettings, type TestDatabase } from '@lib/testing';
import { createDemo, type DemoNetwork } from './create-demo.js';

// Sixty days are counted, on a machine that may be busy.
jest.setTimeout(240_000);

let database: TestDatabase;
let demo: DemoNetwork;
const progress: [number, number][] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  demo = await createDemo({
    settings: testSettings(database),
    onProgress: (done, total) => progress.push([done, total]),
  });
});
afterAll(() => database.drop());

async function one(text: string): Promise<Record<string, string>> {
  const { rows } = await database.owner.query<Record<string, string>>(text, [demo.tenantId]);
  return rows[0] ?? {};
}

describe('the demo network', () => {
  test('has sixty days of listening, at most 150,000 events', async () => {
    const row = await one(
      `SELECT count(*) AS events, count(DISTINCT (occurred_at AT TIME ZONE 'UTC')::date) AS days,
              count(DISTINCT event_type) AS types FROM listener_events WHERE tenant_id = $1`,
    );
    expect(Number(row['events'])).toBeGreaterThan(20_000);
    expect(Number(row['events'])).toBeLessThanOrEqual(150_000);
    expect(row['days']).toBe('60');
    expect(Number(row['types'])).toBeGreaterThanOrEqual(6);
  });

  test('has rollups that equal a count of its raw events', async () => {
    const raw = await one('SELECT count(*) AS n FROM listener_events WHERE tenant_id = $1');
    for (const grain of ['slice', 'hour', 'day']) {
      const sum = await one(
        `SELECT sum(value) AS n FROM listener_metrics WHERE tenant_id = $1 AND grain = '${grain}' AND metric <> 'downloads'`,
      );
      expect([grain, sum['n']]).toEqual([grain, raw['n']]);
    }
    expect(
      (await one(`SELECT sum(value) AS n FROM metrics_daily WHERE tenant_id = $1 AND metric <> 'downloads'`))[
        'n'
      ],
    ).toBe(raw['n']);
  });

  test('keeps no key for longer than 48 hours', async () => {
    const row = await one(
      `SELECT count(*) AS n, count(*) FILTER (WHERE destroy_after > now() + interval '48 hours') AS long
       FROM listener_keys WHERE tenant_id = $1`,
    );
    expect(Number(row['n'])).toBeGreaterThan(60);
    expect(row['long']).toBe('0');
  });

  test('tells its progress to the end', () => {
    expect(progress.length).toBeGreaterThan(10);
    expect(
      progress.every(([done, total], index) => done <= total && done >= (progress[index - 1]?.[0] ?? 0)),
    ).toBe(true);
  });
});
