import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createLogger } from '@lib/observability';
import { DAY_MS, toTenantId } from '@lib/primitives';
import { TenantsService } from '@lib/tenants';
import {
  connectTestDatabase,
  createTestDatabase,
  createTestRuleSet,
  createTestTenant,
  showTestDays,
  storeTestListening,
  type TestConnections,
  type TestDatabase,
  type TestTenant,
} from '@lib/testing';
import { RefreshAudience } from '../audience/refresh-audience.js';
import { play, storeEvents } from '../exact-rollups.contract.js';
import { RefreshDimensions } from '../query/refresh-dimensions.js';
import { RecentTenants } from '../recent-tenants.js';
import { ReconcileAggregates } from '../reconcile-aggregates.js';
import { RefreshAggregates } from '../refresh-aggregates.js';
import { RefreshReleaseCurves } from '../releases/refresh-release-curves.js';
import { ThinDerived } from '../retention/thin-derived.js';
import { ThinRollups } from '../retention/thin-rollups.js';

const DAY = '2026-03-02';
const HOUR = `${DAY}T10:00:00Z`;
/** Long after the day: nothing of it comes in any more. */
const LATER = new Date(Date.parse(DAY) + 60 * DAY_MS);

let database: TestDatabase;
let connections: TestConnections;
let aggregates: RefreshAggregates;
let dimensions: RefreshDimensions;
let audience: RefreshAudience;
let curves: RefreshReleaseCurves;
let reconcile: ReconcileAggregates;
let thin: ThinRollups;
let tenant: TestTenant;

beforeAll(async () => {
  database = await createTestDatabase();
  await database.owner.query(`SELECT ensure_partitions('2026-03-02', '2026-03-09')`);
  connections = connectTestDatabase(database);
  const { db, app, maintenance, settings } = connections;
  const logger = createLogger('silent');
  const recent = new RecentTenants();
  aggregates = new RefreshAggregates(db, app, logger, recent);
  dimensions = new RefreshDimensions(db, app, logger);
  audience = new RefreshAudience(db, app, logger);
  curves = new RefreshReleaseCurves(db, app, logger);
  reconcile = new ReconcileAggregates(db, recent, logger);
  const tenants = new TenantsService(db, maintenance, settings);
  thin = new ThinRollups(settings, db, tenants, maintenance, new ThinDerived(db));
});
afterAll(async () => {
  await connections.close();
  await database.drop();
});
beforeEach(async () => {
  tenant = await createTestTenant(database);
  const ruleSetId = await createTestRuleSet(database, tenant.tenantId, '1.0.0');
  const [episodeId = ''] = tenant.episodeIds;
  const { podcastId, tenantId } = tenant;
  await sql(`UPDATE episodes SET published_at = '${DAY}T09:00Z' WHERE tenant_id = $1`);
  await storeTestListening(database, tenantId, 90, [
    { ruleSetId, at: new Date(HOUR), podcastId, episodeId, listener: 1, evidence: 'origin_bytes' },
  ]);
  await showTestDays(database, tenantId, ruleSetId, [DAY]);
  const times = [`${DAY}T10:01Z`, `${DAY}T10:06Z`, `${DAY}T10:11Z`];
  await storeEvents(
    database.owner,
    tenantId,
    times.map((at) => play(episodeId, at)),
  );
});

const sql = async <Row extends object>(text: string, ...params: unknown[]) =>
  (await database.owner.query<Row>(text, [tenant.tenantId, ...params])).rows;
const mark = (kind: string, bucket: string) =>
  sql('INSERT INTO dirty_buckets (tenant_id, kind, bucket) VALUES ($1, $2, $3)', kind, bucket);

/** Whether the version of the tenant's numbers is another one after some work. */
async function moves(work: () => Promise<unknown>): Promise<boolean> {
  const version = async () =>
    (await sql<{ version: string }>('SELECT version FROM aggregate_watermarks WHERE tenant_id = $1'))[0]
      ?.version;
  const before = await version();
  await work();
  return (await version()) !== before;
}

describe('the watermark is moved by what changes an answer, and stays where nothing does:', () => {
  test('listeners', async () => {
    expect(await moves(() => audience.run())).toBe(true);
    await mark('audience', DAY);
    expect(await moves(() => audience.run())).toBe(false);
  });

  test('apps, devices and countries', async () => {
    expect(await moves(() => aggregates.run())).toBe(true);
    expect(await moves(() => dimensions.run())).toBe(true);
    await mark('dimension', HOUR);
    expect(await moves(() => dimensions.run())).toBe(false);
  });

  test('curves of releases', async () => {
    await aggregates.run();
    expect(await moves(() => curves.run())).toBe(true);
    await mark('release', DAY);
    expect(await moves(() => curves.run())).toBe(false);
  });

  test('repairs', async () => {
    await aggregates.run();
    await dimensions.run();
    const check = () => reconcile.check(toTenantId(tenant.tenantId), new Date(HOUR));
    expect(await moves(check)).toBe(false);
    await sql(`UPDATE listener_metrics SET value = 9 WHERE tenant_id = $1 AND grain = 'slice'`);
    expect(await moves(check)).toBe(true);
  });

  test('wider slices, and rollups that retention removes', async () => {
    await aggregates.run();
    await dimensions.run();
    expect(await moves(() => thin.run(LATER))).toBe(true);
    expect(await moves(() => thin.run(LATER))).toBe(false);
    await sql('DELETE FROM dirty_buckets WHERE tenant_id = $1');
    await sql(
      `UPDATE tenant_settings SET raw_retention_days = 10, slice_retention_days = 10 WHERE tenant_id = $1`,
    );
    await sql(
      `INSERT INTO raw_horizons (tenant_id, raw_from, moved_at) VALUES ($1, $2, '2026-01-01')`,
      new Date(LATER.getTime() - 10 * DAY_MS),
    );
    expect(await moves(() => thin.run(LATER))).toBe(true);
    expect(await moves(() => thin.run(LATER))).toBe(false);
  });
});

test('slices of a day that somebody rebuilds are made wide later', async () => {
  await aggregates.run();
  const slices = () =>
    sql<{ at: Date }>(
      `SELECT DISTINCT bucket AS at FROM listener_metrics
       WHERE tenant_id = $1 AND grain = 'slice' AND metric = 'play' AND dimension = 'none'`,
    );
  const holder = await database.owner.connect();
  try {
    await holder.query(
      `BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('${tenant.tenantId}rollup${DAY}', 0))`,
    );
    await thin.run(LATER);
    expect(await slices()).toHaveLength(3);
  } finally {
    await holder.query('ROLLBACK');
    holder.release();
  }
  await thin.run(LATER);
  expect(await slices()).toEqual([{ at: new Date(HOUR) }]);
});
