import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { tenantContext } from '@lib/database';
import { DAY_MS, floorTime, HOUR_MS, toTenantId, utcDate, type TenantId } from '@lib/primitives';
import {
  connectTestDatabase,
  createTestDatabase,
  createTestTenant,
  testSettings,
  type TestConnections,
  type TestDatabase,
} from '@lib/testing';
import { insertOrReadKeys } from '../infrastructure/listener-keys.sql.js';
import { DestroyListenerKeys } from './destroy-listener-keys.js';
import { ListenerIdentifier } from './identify-listener.js';
import { ListenerKeys, type DayKeys } from './listener-keys.js';
import { findListener } from './privacy/find-listener.js';

const ADDRESS = '198.51.100.77';
const AGENT = 'AntennaPod/3.4.0';
const MIDNIGHT = Math.ceil(Date.now() / DAY_MS) * DAY_MS;

let database: TestDatabase;
/** Two processes. */
let instances: TestConnections[];
let tenantId: TenantId;

beforeAll(async () => {
  database = await createTestDatabase();
  instances = [connectTestDatabase(database), connectTestDatabase(database)];
});
afterAll(async () => {
  for (const each of instances) await each.close();
  await database.drop();
});
beforeEach(async () => {
  tenantId = toTenantId((await createTestTenant(database)).tenantId);
});

/** The keys of a process that has just started. */
const freshKeys = (instance = 0) => new ListenerKeys(instances[instance]!.settings, instances[instance]!.app);
const stored = async () =>
  (
    await database.owner.query<{ purpose: string; period: string; key: Buffer | null; gone: Date | null }>(
      `SELECT purpose, period::text, key_enc AS key, destroyed_at AS gone
       FROM listener_keys LEFT JOIN listener_key_secrets USING (tenant_id, purpose, period, import_id)
       WHERE tenant_id = $1
       ORDER BY purpose, period`,
      [tenantId],
    )
  ).rows;
const idsOf = (keys: DayKeys) => new ListenerIdentifier().identify(keys, ADDRESS, AGENT);

describe('the keys of listeners', () => {
  test('are the same in every process, whoever asks first, and meet at midnight', async () => {
    for (let round = 0; round < 10; round += 1) {
      tenantId = toTenantId((await createTestTenant(database)).tenantId);
      const before = new Date(MIDNIGHT - 1);
      const after = new Date(MIDNIGHT);
      const [a, b, c, d] = await Promise.all([
        freshKeys(0).forDay(tenantId, before),
        freshKeys(1).forDay(tenantId, after),
        freshKeys(1).forDay(tenantId, before),
        freshKeys(0).forDay(tenantId, after),
      ]);
      expect(a).toEqual(c);
      expect(b).toEqual(d);
      expect(a.countToday).toEqual(b.countYesterday);
      expect(a.countToday).not.toEqual(b.countToday);
      expect(idsOf(a).countToday).toBe(idsOf(b).countYesterday);
      expect(await stored()).toHaveLength(5);
    }
  });

  test('of a process that dies while it makes them are made by the next', async () => {
    const dying = await database.owner.connect();
    dying.on('error', () => undefined);
    await dying.query('BEGIN');
    const { rows } = await dying.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    await dying.query(
      `INSERT INTO listener_keys (tenant_id, purpose, period, destroy_after)
       VALUES ($1, 'count', $2, now() + interval '9 days')`,
      [tenantId, utcDate(new Date(MIDNIGHT))],
    );
    const waiting = freshKeys().forDay(tenantId, new Date(MIDNIGHT));
    await new Promise((resolve) => setTimeout(resolve, 200));
    await database.owner.query('SELECT pg_terminate_backend($1)', [rows[0]!.pid]);
    dying.release(true);
    const keys = await waiting;
    expect(keys.countToday).toHaveLength(32);
    expect(await freshKeys(1).forDay(tenantId, new Date(MIDNIGHT))).toEqual(keys);
  });

  test('differ by tenant, by import, by purpose and by day', async () => {
    const other = toTenantId((await createTestTenant(database)).tenantId);
    const at = new Date();
    const [live, imported, foreign] = [
      await freshKeys().forDay(tenantId, at),
      await freshKeys().forDay(tenantId, at, '0192f8a4-7c1e-7b3a-9d52-3f6a8c0e1b47'),
      await freshKeys().forDay(other, at),
    ];
    const all = [live, imported, foreign].flatMap((keys) =>
      (Object.values(keys) as (Buffer | null)[]).filter((key) => key !== null),
    );
    expect(new Set(all.map((key) => key.toString('hex'))).size).toBe(12);
  });

  test('open for their own place alone, and under the platform’s key alone', async () => {
    await freshKeys().forDay(tenantId, new Date());
    await database.owner.query(
      `UPDATE listener_key_secrets k SET key_enc = o.key_enc FROM listener_key_secrets o
       WHERE k.tenant_id = $1 AND o.tenant_id = $1 AND k.purpose = 'audience_a' AND o.purpose = 'audience_b'`,
      [tenantId],
    );
    await expect(freshKeys().forDay(tenantId, new Date())).rejects.toThrow();
    const elsewhere = testSettings(database, {
      PRIVACY_MASTER_KEY: Buffer.alloc(32, 8).toString('base64'),
    });
    const next = new Date(Date.now() + 2 * DAY_MS);
    await freshKeys()
      .forDay(tenantId, next)
      .catch(() => undefined);
    await expect(new ListenerKeys(elsewhere, instances[0]!.app).forDay(tenantId, next)).rejects.toThrow();
  });
});

describe('the key of a week, for addresses alone', () => {
  /** A Monday two weeks ago, noon. */
  const MONDAY = new Date((Math.floor((Date.now() / DAY_MS - 4) / 7) * 7 + 4 - 14) * DAY_MS + 12 * HOUR_MS);
  const later = (days: number) => new Date(MONDAY.getTime() + days * DAY_MS);
  const matchBack = (days: number | null) =>
    database.owner.query(
      `UPDATE tenant_settings SET configuration = jsonb_build_object('privacy',
         jsonb_build_object('attributionLookbackDays', $2::integer)) WHERE tenant_id = $1`,
      [tenantId, days],
    );
  const idAt = async (at: Date, agent = AGENT, importId?: string) =>
    new ListenerIdentifier().identify(await freshKeys().forDay(tenantId, at, importId), ADDRESS, agent).net;

  test('is not made until the tenant matches by address', async () => {
    expect(await idAt(MONDAY)).toBeNull();
    expect((await stored()).map(({ purpose }) => purpose)).not.toContain('net');
    await matchBack(30);
    expect(await idAt(MONDAY)).toEqual(expect.any(BigInt));
  });

  test('gives an address one id in a week, whatever its agent, and another one in the next', async () => {
    await matchBack(30);
    const monday = await idAt(MONDAY);
    expect(await idAt(later(6), 'Mozilla/5.0 (buyer)')).toBe(monday);
    expect(await idAt(later(7))).not.toBe(monday);
    expect(await idAt(later(-1))).not.toBe(monday);
  });

  test('is that of an import too, and there is none where it would be destroyed already', async () => {
    await matchBack(14);
    const imported = '0192f8a4-7c1e-7b3a-9d52-3f6a8c0e1b49';
    expect(await idAt(MONDAY, AGENT, imported)).toBe(await idAt(MONDAY));
    const { ingestAcceptanceDays } = instances[0]!.settings;
    expect(await idAt(later(-14 - ingestAcceptanceDays), AGENT, imported)).toBeNull();
  });

  test('is not made of an address that is cut', async () => {
    await matchBack(30);
    const keys = await freshKeys().forDay(tenantId, MONDAY);
    const ids = new ListenerIdentifier().identify(keys, ADDRESS, AGENT, 'coarse');
    expect(ids).toMatchObject({ net: null, audienceA: expect.any(BigInt) });
  });

  test('lives for the week, the lookback and the acceptance window', async () => {
    await matchBack(30);
    await idAt(MONDAY);
    const { rows } = await database.owner.query<{ period: string; until: Date }>(
      `SELECT period::text, destroy_after AS until FROM listener_keys WHERE tenant_id = $1 AND purpose = 'net'`,
      [tenantId],
    );
    const monday = new Date(floorTime(MONDAY, DAY_MS));
    const days = 7 + 30 + instances[0]!.settings.ingestAcceptanceDays;
    expect(rows).toEqual([{ period: utcDate(monday), until: new Date(monday.getTime() + days * DAY_MS) }]);
  });

  test('finds nobody who asks to be erased: others live behind that address', async () => {
    await matchBack(30);
    const net = await idAt(MONDAY);
    const { app } = instances[0]!;
    const live = await app.transaction((sql) => freshKeys().live(sql, tenantId), tenantContext(tenantId));
    expect(live).toHaveLength(4);
    expect(findListener(live, 'erasure', ADDRESS, '')!.listenerIds).not.toContain(String(net));
  });
});

describe('a key whose time has come', () => {
  /** A day whose key is due: the next day began long enough ago. */
  const OLD = new Date(Date.now() - 11 * DAY_MS);
  const destroy = () => new DestroyListenerKeys(instances[0]!.db, instances[0]!.maintenance).run();

  test('is destroyed on time, and not before', async () => {
    const acceptanceDays = instances[0]!.settings.ingestAcceptanceDays;
    const startOf = (daysAgo: number) =>
      new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS - daysAgo * DAY_MS);
    // A day ends when the next begins; its key lives for the acceptance window and 48 hours more.
    const [due, kept] = [startOf(acceptanceDays + 3), startOf(acceptanceDays + 2)];
    await freshKeys().forDay(tenantId, due);
    await freshKeys().forDay(tenantId, kept);
    await destroy();
    const gone = (await stored()).filter(({ purpose }) => purpose === 'count');
    expect(gone.map(({ period, key }) => [period, key === null])).toEqual([
      [utcDate(startOf(acceptanceDays + 4)), true],
      [utcDate(due), true],
      [utcDate(kept), false],
    ]);
  });

  test('leads from no address to an old id any more', async () => {
    const old = idsOf(await freshKeys().forDay(tenantId, OLD));
    await freshKeys().forDay(tenantId, new Date());
    await database.owner.query(
      `UPDATE listener_keys SET destroy_after = now() WHERE tenant_id = $1 AND period < $2`,
      [tenantId, utcDate(new Date(Date.now() - 1 * DAY_MS))],
    );
    await destroy();
    expect(old.countToday).not.toBeNull();
    const oldIds = new Set(Object.values(old).map(String));
    // Every way there is to make ids: for events of that day, of later days, of imports, and to find a listener.
    const ways = [];
    for (const instance of [0, 1]) {
      const keys = freshKeys(instance);
      ways.push(idsOf(await keys.forDay(tenantId, OLD)));
      for (let day = 0; day < 12; day += 1)
        ways.push(idsOf(await keys.forDay(tenantId, new Date(OLD.getTime() + day * DAY_MS + HOUR_MS))));
      ways.push(idsOf(await keys.forDay(tenantId, OLD, '0192f8a4-7c1e-7b3a-9d52-3f6a8c0e1b48')));
      const { app } = instances[instance]!;
      const live = await app.transaction((sql) => keys.live(sql, tenantId), tenantContext(tenantId));
      ways.push(findListener(live, 'erasure', ADDRESS, AGENT)!.listenerIds);
    }
    const made = ways
      .flatMap((way) => Object.values(way as object).map(String))
      .filter((id) => id !== 'null');
    expect(made.length).toBeGreaterThan(20);
    expect(made.filter((id) => oldIds.has(id))).toEqual([]);
    expect(ways[0]).toMatchObject({ countToday: null, countYesterday: null, addressDay: null });
  });

  /** What a database is without that was restored from a backup. */
  const loseKeys = () =>
    database.owner.query('DELETE FROM listener_key_secrets WHERE tenant_id = $1', [tenantId]);

  test('does not come back with a backup, and nothing takes its place', async () => {
    await freshKeys().forDay(tenantId, OLD);
    await loseKeys();
    const { countToday, countYesterday } = await freshKeys().forDay(tenantId, OLD);
    expect([countToday, countYesterday]).toEqual([null, null]);
  });

  test('leaves its slot to another one where a backup lost it before its time, but for imports', async () => {
    const imported = '0192f8a4-7c1e-7b3a-9d52-3f6a8c0e1b50';
    const before = await freshKeys().forDay(tenantId, new Date());
    await freshKeys().forDay(tenantId, new Date(), imported);
    await loseKeys();
    const [after, elsewhere] = await Promise.all([
      freshKeys(0).forDay(tenantId, new Date()),
      freshKeys(1).forDay(tenantId, new Date()),
    ]);
    expect(after).toEqual(elsewhere);
    expect(after.countToday).toHaveLength(32);
    expect(after.audienceA).not.toEqual(before.audienceA);
    expect((await freshKeys().forDay(tenantId, new Date(), imported)).countToday).toBeNull();
  });

  test('is never followed by a second one in its place', async () => {
    await freshKeys().forDay(tenantId, OLD);
    await database.owner.query(`UPDATE listener_keys SET destroy_after = now() WHERE tenant_id = $1`, [
      tenantId,
    ]);
    await destroy();
    const before = await stored();
    expect(before.every(({ key, gone }) => key === null && gone !== null)).toBe(true);
    for (let round = 0; round < 3; round += 1) {
      await Promise.all([freshKeys(0).forDay(tenantId, OLD), freshKeys(1).forDay(tenantId, OLD)]);
      await instances[0]!.app.transaction(
        (sql) =>
          insertOrReadKeys(sql, tenantId, [
            {
              purpose: 'count',
              period: utcDate(OLD),
              destroyAfter: new Date(MIDNIGHT),
              keyEnc: Buffer.alloc(60, 1),
            },
          ]),
        tenantContext(tenantId),
      );
    }
    expect(await destroy()).toEqual({ destroyed: 0 });
    expect(await stored()).toEqual(before);
  });
});
