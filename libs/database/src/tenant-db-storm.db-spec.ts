import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@lib/testing';
import { randomUUID } from 'node:crypto';
import { AppDataSource } from './app-data-source.js';
import { TenantDb } from './tenant-db.js';

const TENANTS = 500;
const CONCURRENT = 64;
/** About 20 seconds where nothing else runs. */
const TIME_LIMIT_MS = 280_000;

let database: TestDatabase;
const tenants = Array.from({ length: TENANTS }, () => randomUUID());

jest.setTimeout(TIME_LIMIT_MS + 20_000);

beforeAll(async () => {
  database = await createTestDatabase();
  const { owner } = database;
  await owner.query("INSERT INTO tenants (tenant_id, name) SELECT t, 'storm' FROM unnest($1::uuid[]) t", [
    tenants,
  ]);
  await owner.query(
    'INSERT INTO user_agents (tenant_id, id, value) SELECT t, n, t FROM unnest($1::uuid[]) t, generate_series(1, 2) n',
    [tenants],
  );
});
afterAll(() => database.drop());

/** A generator of numbers in [0, 1) that repeats itself, so that a failure can be seen again. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Tally {
  committed: number;
  aborted: number;
  broken: number;
  probes: number;
  /** Rows of another tenant, missing own rows, rows seen outside a transaction. */
  wrong: string[];
}

class Abort extends Error {}

/** Sends the requests, 64 at a time, over a pool of 4, and counts what they saw. */
async function storm(
  login: 'app' | 'owner',
  requests: number,
): Promise<Tally & { sent: number; destroyed: number; terminated: number }> {
  let destroyed = 0;
  let terminated = 0;
  const source = new AppDataSource({
    url: database.urls[login],
    replicaUrls: [],
    poolSize: 4,
    connectionTimeoutMs: 20_000,
    statementTimeoutMs: 5_000,
    lockTimeoutMs: 5_000,
    entities: [],
    onError: () => undefined,
    onGuardDestroyed: () => (destroyed += 1),
  });
  const db = new TenantDb(source);
  const random = seeded(requests);
  const tally: Tally = { committed: 0, aborted: 0, broken: 0, probes: 0, wrong: [] };
  let next = 0;

  const request = async (tenant: string, fate: number): Promise<void> => {
    const read = async () => {
      const rows = await db.current.sql<{ tenant_id: string; value: string }>('SELECT * FROM user_agents');
      if (rows.length !== 2) tally.wrong.push(`${rows.length} own rows`);
      if (rows.some((row) => row.tenant_id !== tenant || row.value !== tenant))
        tally.wrong.push('foreign row');
    };
    await db.run(tenant, async () => {
      await read();
      if (fate < 0.08) throw new Abort();
      if (fate < 0.12) await db.current.sql('SELECT 1/0');
      if (fate < 0.14) await db.current.sql('SET LOCAL statement_timeout = 1; SELECT pg_sleep(1)');
      if (fate < 0.15) await Promise.all([read(), Promise.reject(new Abort()), read()]);
      if (fate < 0.18) await read();
    });
  };

  const outside = async (): Promise<void> => {
    const runner = await source.queryRunner();
    try {
      const [state] = (await runner.query(
        `SELECT coalesce(current_setting('app.current_tenant', true), '') AS tenant, current_user = session_user AS self`,
      )) as { tenant: string; self: boolean }[];
      const rows = login === 'app' ? ((await runner.query('SELECT FROM user_agents')) as unknown[]) : [];
      tally.probes += 1;
      if (state?.tenant !== '' || !state.self || rows.length > 0) tally.wrong.push('outside a transaction');
    } finally {
      await runner.release();
    }
  };

  const terminate = async (): Promise<void> => {
    const { rowCount } = await database.owner.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid() AND (usename = 'podcast_app' OR query LIKE '%user_agents%')
       ORDER BY random() LIMIT 1`,
    );
    terminated += rowCount ?? 0;
  };

  const worker = async (): Promise<void> => {
    while (next < requests) {
      const turn = next++;
      try {
        if (turn % 500 === 499) await terminate();
        if (turn % 50 === 25) await outside();
        await request(tenants[Math.floor(random() * TENANTS)]!, random());
        tally.committed += 1;
      } catch (error) {
        const { code } = (error as { driverError?: { code?: string } }).driverError ?? {};
        if (error instanceof Abort || code === '22012' || code === '57014') tally.aborted += 1;
        else if (/terminat|not queryable|already released|closed|ECONNRESET|EPIPE/i.test(String(error)))
          tally.broken += 1;
        else tally.wrong.push(String(error));
      }
    }
  };

  await Promise.all(Array.from({ length: CONCURRENT }, worker));
  await source.close();
  return { ...tally, sent: next, destroyed, terminated };
}

// Jest fails a test with an unhandled rejection, so none needs to be counted here.
test.each([
  ['app', 20_000],
  ['owner', 4_000],
] as const)(
  'on the login of %s, %i requests of 500 tenants see their own rows only',
  async (login, requests) => {
    const tally = await storm(login, requests);
    const { wrong, sent, committed, aborted, broken, probes, destroyed, terminated } = tally;
    expect(wrong).toEqual([]);
    expect(committed + aborted + broken).toBe(sent);
    expect(sent).toBe(requests);
    expect(aborted).toBeGreaterThan(sent * 0.1);
    expect(broken).toBeGreaterThan(0);
    expect(probes).toBeGreaterThan(sent / 100);
    // The guard is for defects: an abort is none; a connection lost in a transaction comes back as one.
    expect(destroyed).toBeLessThanOrEqual(terminated);
  },
);
