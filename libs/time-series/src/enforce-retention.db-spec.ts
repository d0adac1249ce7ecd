import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { DAY_MS } from '@lib/primitives';
import {
  connectTestDatabase,
  createTestDatabase,
  createTestTenant,
  type TestConnections,
  type TestDatabase,
  type TestTenant,
} from '@lib/testing';
import { EngineInForce } from './engine-in-force.js';
import { EnforceRetention } from './enforce-retention.js';

let database: TestDatabase;
let connections: TestConnections;
let engine: EngineInForce;
let retention: EnforceRetention;
let short: TestTenant;
let long: TestTenant;
const now = new Date();
const daysAgo = (days: number) => new Date(now.getTime() - days * DAY_MS);
/** After the pause between freezing and removing. */
const later = new Date(now.getTime() + 11 * 60_000);

beforeAll(async () => {
  database = await createTestDatabase();
  connections = connectTestDatabase(database);
  const { settings, db, maintenance } = connections;
  engine = new EngineInForce(settings, maintenance);
  retention = new EnforceRetention(settings, db, engine, maintenance);
});
afterAll(async () => {
  await connections.close();
  await database.drop();
});

beforeEach(async () => {
  await database.owner.query('TRUNCATE tenants, listener_events, dirty_buckets CASCADE');
  await (await engine.get()).ensurePartitions(daysAgo(500), now);
  short = await createTestTenant(database, 'short');
  long = await createTestTenant(database, 'long');
  await database.owner.query('UPDATE tenant_settings SET raw_retention_days = 30 WHERE tenant_id = $1', [
    short.tenantId,
  ]);
  await database.owner.query('UPDATE tenant_settings SET raw_retention_days = 400 WHERE tenant_id = $1', [
    long.tenantId,
  ]);
  for (const tenant of [short, long])
    for (const days of [450, 35, 10]) await storeEvent(tenant, daysAgo(days));
});

async function storeEvent(tenant: TestTenant, at: Date): Promise<void> {
  await database.owner.query(
    `INSERT INTO listener_events (tenant_id, occurred_at, event_id, episode_id, received_at, payload_hash,
       payload_hash_version, trusted_sender, event_type) VALUES ($1, $2, $3, $4, $2, 1, 1, false, 'play')`,
    [tenant.tenantId, at, randomUUID(), tenant.episodeIds[0]],
  );
}

async function agesOf(tenant: TestTenant): Promise<number[]> {
  const { rows } = await database.owner.query<{ at: Date }>(
    'SELECT occurred_at AS at FROM listener_events WHERE tenant_id = $1 ORDER BY 1',
    [tenant.tenantId],
  );
  return rows.map(({ at }) => Math.round((now.getTime() - at.getTime()) / DAY_MS));
}

describe('retention of raw events', () => {
  test('freezes first and removes only after running refreshes have ended', async () => {
    const first = await retention.run(now);
    expect(first).toEqual({ frozen: 2, dropped: 0, deleted: 0 });
    expect(await agesOf(short)).toEqual([450, 35, 10]);
    const second = await retention.run(later);
    expect(second['dropped']).toBeGreaterThan(0);
    expect(await agesOf(short)).toEqual([10]);
    expect(await agesOf(long)).toEqual([35, 10]);
  });

  test('waits for a mark before the cut', async () => {
    await database.owner.query(
      `INSERT INTO dirty_buckets (tenant_id, kind, bucket) VALUES ($1, 'slice', $2)`,
      [short.tenantId, daysAgo(35)],
    );
    await retention.run(now);
    await retention.run(later);
    expect(await agesOf(short)).toEqual([450, 35, 10]);
    expect(await agesOf(long)).toEqual([35, 10]);
    await database.owner.query('DELETE FROM dirty_buckets');
    await retention.run(now);
    await retention.run(later);
    expect(await agesOf(short)).toEqual([10]);
  });

  test('of one tenant that fails keeps nobody else from theirs', async () => {
    await database.owner.query(
      `CREATE FUNCTION refuse_short() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN IF NEW.tenant_id = '${short.tenantId}' THEN RAISE 'a fault'; END IF; RETURN NEW; END $$;
       CREATE TRIGGER refuse_short BEFORE INSERT OR UPDATE ON raw_horizons FOR EACH ROW EXECUTE FUNCTION refuse_short()`,
    );
    try {
      for (const at of [now, later])
        await expect(retention.run(at)).rejects.toMatchObject({ message: '1 of 2 tenants failed' });
    } finally {
      await database.owner.query('DROP FUNCTION refuse_short CASCADE');
    }
    expect(await agesOf(short)).toEqual([450, 35, 10]);
    expect(await agesOf(long)).toEqual([35, 10]);
  });

  test('never reaches into the acceptance window, whatever a tenant asks for', async () => {
    await database.owner.query(
      'ALTER TABLE tenant_settings DROP CONSTRAINT tenant_settings_raw_retention_days_check',
    );
    await database.owner.query('UPDATE tenant_settings SET raw_retention_days = 1');
    await storeEvent(short, daysAgo(6));
    await retention.run(now);
    await retention.run(later);
    expect(await agesOf(short)).toEqual([6]);
  });

  test('twice changes nothing', async () => {
    await retention.run(now);
    await retention.run(later);
    expect(await retention.run(later)).toEqual({ frozen: 0, dropped: 0, deleted: 0 });
  });
});
