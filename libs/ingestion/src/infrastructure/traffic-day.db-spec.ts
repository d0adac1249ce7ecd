import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { toTenantId } from '@lib/primitives';
import {
  connectTestDatabase,
  createTestDatabase,
  createTestRuleSet,
  createTestTenant,
  showTestDownloads,
  type TestConnections,
  type TestDatabase,
  type TestTenant,
} from '@lib/testing';
import { busyAddresses } from './traffic-day.sql.js';

const DAY = '2026-03-03';
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** None of the others is exceeded by one download. */
const LIMITS = { episodesIn10Minutes: 15, agents: 8, atThreshold: 5 };

let database: TestDatabase;
let connections: TestConnections;
let tenant: TestTenant;

beforeAll(async () => {
  database = await createTestDatabase();
  await database.owner.query(`SELECT ensure_partitions('2026-02-23', '2026-03-23')`);
  connections = connectTestDatabase(database);
});
afterAll(async () => {
  await connections.close();
  await database.drop();
});
beforeEach(async () => {
  tenant = await createTestTenant(database, 'Tenant', 40);
});

/** Which episode an address asked for, and when: milliseconds from the start of the day. */
interface Asked {
  address: number;
  episode: number;
  atMs: number;
}

async function store(requests: readonly Asked[]): Promise<void> {
  await database.owner.query(
    `INSERT INTO listener_events (tenant_id, occurred_at, event_id, episode_id, received_at, payload_hash, address_day_id,
                                  payload_hash_version, trusted_sender, event_type)
     SELECT $1, $2::timestamptz + at_ms * interval '1 millisecond', id, episode, now(), 1, address, 1, true,
            'download_request'
     FROM unnest($3::uuid[], $4::uuid[], $5::bigint[], $6::bigint[]) AS r (id, episode, address, at_ms)`,
    [
      tenant.tenantId,
      `${DAY}T00:00:00Z`,
      requests.map(() => randomUUID()),
      requests.map(({ episode }) => tenant.episodeIds[episode]),
      requests.map(({ address }) => address),
      requests.map(({ atMs }) => atMs),
    ],
  );
}

/** Shows one download each of the addresses 1 to `addresses`. */
async function show(addresses: number): Promise<void> {
  const ruleSetId = await createTestRuleSet(database, tenant.tenantId, '1');
  const { podcastId, episodeIds } = tenant;
  await showTestDownloads(database, tenant.tenantId, ruleSetId, [
    { day: DAY, podcastId, episodeId: episodeIds[0]!, downloads: addresses },
  ]);
}

/** The most episodes in 10 minutes by address, of the addresses that exceed a limit. */
async function found(episodesIn10Minutes: number = LIMITS.episodesIn10Minutes): Promise<[string, number][]> {
  const tenantId = toTenantId(tenant.tenantId);
  const days = await connections.db.run(tenantId, () =>
    busyAddresses(connections.db.current.sql, tenantId, new Date(`${DAY}T00:00:00Z`), {
      ...LIMITS,
      episodesIn10Minutes,
    }),
  );
  return days
    .map(({ addressId, ...day }): [string, number] => [addressId, day.episodesIn10Minutes])
    .sort(([a], [b]) => Number(a) - Number(b));
}

/** Requests of address 1 for so many episodes, the first at `fromMs`, the last at `untilMs`, evenly. */
function sweep(episodes: number, fromMs: number, untilMs: number): Asked[] {
  const step = (untilMs - fromMs) / (episodes - 1);
  return Array.from({ length: episodes }, (_, episode) => ({
    address: 1,
    episode,
    atMs: Math.round(fromMs + episode * step),
  }));
}

/** The same by counting every span that begins at a request. */
function byHand(requests: readonly Asked[]): [string, number][] {
  const addresses = [...new Set(requests.map(({ address }) => address))].sort((a, b) => a - b);
  return addresses.map((address) => {
    const own = requests.filter((request) => request.address === address);
    const spans = own.map(({ atMs: from }) => {
      const within = own.filter(({ atMs }) => atMs >= from && atMs < from + 10 * MINUTE);
      return new Set(within.map(({ episode }) => episode)).size;
    });
    return [String(address), Math.max(...spans)];
  });
}

describe('the most episodes that an address asked for in 10 minutes', () => {
  test('are found wherever the 10 minutes begin', async () => {
    await show(1);
    const from = 13 * 60 * MINUTE + 6 * MINUTE;
    await store(sweep(20, from, from + 7 * MINUTE + 50 * SECOND));
    expect(await found()).toEqual([['1', 20]]);
  });

  test('do not include what is asked for exactly 10 minutes later', async () => {
    await show(1);
    await store(sweep(16, 8 * MINUTE, 18 * MINUTE));
    expect(await found()).toEqual([]);
    await store([{ address: 1, episode: 15, atMs: 18 * MINUTE - 1 }]);
    expect(await found()).toEqual([['1', 16]]);
  });

  test('are not those of a whole day, nor one episode asked for again and again', async () => {
    await show(2);
    await store(sweep(40, 0, 23 * 60 * MINUTE));
    await store(Array.from({ length: 40 }, (_, n) => ({ address: 2, episode: n % 2, atMs: n * SECOND })));
    expect(await found()).toEqual([]);
    expect(await found(1)).toEqual([['2', 2]]);
  });

  test('equal those of every span counted by hand', async () => {
    const pick = (count: number) => Math.floor(Math.random() * count);
    await show(6);
    const requests = Array.from({ length: 1_500 }, () => ({
      address: 1 + pick(6),
      episode: pick(20),
      // Half minutes, so that some coincide and many are exactly 10 minutes apart.
      atMs: pick(480) * 30 * SECOND,
    }));
    await store(requests);
    expect(await found(0)).toEqual(byHand(requests));
  });
});

test('an address without a download that is shown that day is not reviewed', async () => {
  await store(sweep(20, 0, 5 * MINUTE));
  expect(await found()).toEqual([]);
  await show(1);
  expect(await found()).toEqual([['1', 20]]);
  await database.owner.query(`DELETE FROM counted_days WHERE tenant_id = $1`, [tenant.tenantId]);
  expect(await found()).toEqual([]);
});
