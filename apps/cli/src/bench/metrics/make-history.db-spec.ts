import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { DAY_MS, floorTime } from '@lib/primitives';
import {
  createTestDatabase,
  createTestRuleSet,
  createTestTenant,
  testEngine,
  testSettings,
  type TestDatabase,
} from '@lib/testing';
import { connectAsLogin, type LoginSession } from '../../connect-as-login.js';
import type { BenchTenant } from './bench-tenant.js';
import { checkRollups } from './check-rollups.js';
import { makeHistory } from './make-history.js';
import { storedTenants, storeNetworks } from './networks.sql.js';
import { tenantShapes } from './tenant-shapes.js';

jest.setTimeout(120_000);

const DAYS = 20;
const FIRST_DAY = new Date(floorTime(new Date(), DAY_MS).getTime() - DAYS * DAY_MS);
const SHAPE = { events: 3_000, firstDay: FIRST_DAY, days: DAYS };

// The bench has a server of its own, with native partitions.
const onPartitions = testEngine() === 'partitions' ? describe : describe.skip;

let database: TestDatabase;
let owner: LoginSession;
let tenants: BenchTenant[];

beforeAll(async () => {
  database = await createTestDatabase();
  owner = await connectAsLogin(database.urls.owner);
  const made: BenchTenant[] = [];
  for (const shape of tenantShapes(3)) {
    const { tenantId } = await createTestTenant(database);
    made.push({ ...shape, tenantId, key: '' });
  }
  await createTestRuleSet(database, made[0]?.tenantId ?? '', 'test');
  await storeNetworks(owner, made, FIRST_DAY, DAYS);
  tenants = await storedTenants(owner);
  // As the bench does it: the last days first.
  await makeHistory({ owner }, SHAPE, 15, DAYS, () => undefined);
  await makeHistory({ owner }, SHAPE, 0, 15, () => undefined);
});
afterAll(async () => {
  await owner.end();
  await database.drop();
});

async function count(text: string): Promise<number> {
  const [row] = await owner.sql<{ n: string }>(text);
  return Number(row?.n);
}

const check = () => checkRollups({ owner, settings: testSettings(database) }, tenants, FIRST_DAY, DAYS);

onPartitions('a history made in bulk', () => {
  test('has about as many events as were asked for, most of them of the largest tenant', async () => {
    const events = await count('SELECT count(*) AS n FROM listener_events');
    expect(Math.abs(events / SHAPE.events - 1)).toBeLessThan(0.05);
    const largest = await count(
      `SELECT count(*) AS n FROM listener_events WHERE tenant_id = '${tenants[0]?.tenantId}'`,
    );
    expect(largest / events).toBeCloseTo(tenants[0]?.share ?? 0, 1);
  });

  test('counts every event at every grain', async () => {
    const events = await count('SELECT count(*) AS n FROM listener_events');
    for (const grain of ['slice', 'hour', 'day', 'month'])
      expect([
        grain,
        await count(
          `SELECT sum(value) AS n FROM listener_metrics
           WHERE grain = '${grain}' AND dimension = 'none' AND metric <> 'downloads'`,
        ),
      ]).toEqual([grain, events]);
    expect(
      await count("SELECT sum(listeners) AS n FROM audience_sketches WHERE series = 'a'"),
    ).toBeGreaterThan(0);
  });

  test('has the rows that the product’s own refresh makes', async () => {
    expect(await check()).toBeGreaterThan(1_000);
    // These follow downloads and totals too, but write nothing that is compared.
    expect(await owner.sql('SELECT DISTINCT kind FROM dirty_buckets ORDER BY kind')).toEqual([
      { kind: 'anomaly' },
      { kind: 'metrics_daily' },
    ]);
  });

  test.each([
    [
      'hours',
      "UPDATE dimension_counts SET counts[1] = counts[1] + 1 WHERE grain = 'hour' AND dimension = 'country'",
    ],
    ['totals', "UPDATE listener_totals SET value = value + 1 WHERE grain = 'day' AND dimension = 'none'"],
    ['sketches', 'UPDATE audience_sketches SET listeners = listeners + 1'],
    ['curves', 'UPDATE release_curves SET downloads = downloads + 1'],
  ])('is refused where %s are wrong', async (_, spoil) => {
    await owner.sql(spoil);
    await expect(check()).rejects.toThrow('differ from the product’s');
  });
});
