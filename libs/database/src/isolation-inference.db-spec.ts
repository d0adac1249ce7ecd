import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  createTestDatabase,
  seedEveryTable,
  testServers,
  testUrl,
  type CanaryTenant,
  type TestDatabase,
} from '@lib/testing';
import pg from 'pg';
import { asApp, attempt, shows, tenantTables } from './isolation.contract.js';

let database: TestDatabase;
let a: CanaryTenant;
let b: CanaryTenant;
let tables: string[];

beforeAll(async () => {
  database = await createTestDatabase();
  a = await seedEveryTable(database.owner);
  b = await seedEveryTable(database.owner);
  tables = await tenantTables(database.owner);
});

afterAll(() => database.drop());

/** Runs `work` in a transaction of the superuser that is rolled back. */
async function rolledBack(work: (client: pg.PoolClient) => Promise<void>): Promise<void> {
  const client = await database.owner.connect();
  try {
    await client.query('BEGIN; SET LOCAL search_path = public');
    await work(client);
    await client.query('ROLLBACK');
  } finally {
    client.release(true);
  }
}

describe('what errors and functions of a condition tell', () => {
  test('a cheap function that reports its arguments is never given the rows of another tenant', () =>
    rolledBack(async (client) => {
      const notices: string[] = [];
      client.on('notice', (notice) => notices.push(notice.message ?? ''));
      await client.query(
        `CREATE FUNCTION tell(anyelement) RETURNS boolean LANGUAGE plpgsql COST 0.0000001
         AS $$ BEGIN RAISE NOTICE '%', $1; RETURN true; END $$`,
      );
      for (const table of tables) {
        notices.length = 0;
        for (const text of [
          `SELECT FROM ${table} t WHERE tell(t)`,
          `SELECT FROM ${table} t WHERE tenant_id = '${b.tenantId}' AND tell(t)`,
          `SELECT FROM ${table} t WHERE tell(t) AND tenant_id = '${b.tenantId}'`,
          `SELECT FROM ${table} t JOIN tenants o ON tell(t) OR tell(o)`,
          `UPDATE ${table} t SET tenant_id = tenant_id WHERE tell(t)`,
          `DELETE FROM ${table} t WHERE tell(t)`,
          `SELECT count(*) FILTER (WHERE tell(t)) OVER () FROM ${table} t`,
          `MERGE INTO ${table} t USING (SELECT) s ON tell(t) WHEN MATCHED THEN DO NOTHING`,
        ])
          await attempt(client, asApp(a), text);
        expect([table, shows(notices, a), shows(notices, b)]).toEqual([table, true, false]);
      }
    }));

  test('a division by zero or a failing cast never happens on the row of another tenant', () =>
    rolledBack(async (client) => {
      for (const table of tables)
        for (const bomb of [
          `1 / (CASE WHEN tenant_id = '${b.tenantId}' THEN 0 ELSE 1 END) = 1`,
          `(CASE WHEN tenant_id = '${b.tenantId}' THEN 'x' ELSE '1' END)::integer = 1`,
          `t::text ~ (CASE WHEN tenant_id = '${b.tenantId}' THEN '(' ELSE '.' END)`,
        ]) {
          const own = bomb.replaceAll(b.tenantId, a.tenantId);
          const outcome = await attempt(client, asApp(a), `SELECT FROM ${table} t WHERE ${bomb}`);
          expect([table, bomb, outcome.code]).toEqual([table, bomb, null]);
          const control = await attempt(client, asApp(a), `SELECT FROM ${table} t WHERE ${own}`);
          expect([table, own, control.code]).toEqual([table, own, expect.stringMatching(/^22/)]);
        }
    }));

  test('an error shows no value of another tenant', () =>
    rolledBack(async (client) => {
      const ownRow = `'${a.tenantId}', '${b.keyId}', kind, name, scopes, trusted_sender, secret_hash`;
      for (const [code, text] of [
        ['23505', `INSERT INTO api_keys SELECT ${ownRow} FROM api_keys`],
        ['42501', `INSERT INTO tenants (tenant_id, name) VALUES ('${b.tenantId}', 'x')`],
        ['42501', `UPDATE podcasts SET tenant_id = '${b.tenantId}'`],
        ['23503', `UPDATE episodes SET podcast_id = '${b.podcastId}'`],
      ] as const) {
        const { error } = await attempt(client, asApp(a), text);
        const { code: found, message, detail = '', hint, where } = error ?? { code: null };
        const unsaid = detail.replaceAll(b.podcastId, '');
        expect([text, found, shows([message, unsaid, hint, where], b)]).toEqual([text, code, false]);
      }
    }));

  test('the statistics of a tenant table are hidden', async () => {
    await database.owner.query('ANALYZE');
    const seen = await database.owner.query("SELECT FROM pg_stats WHERE schemaname = 'public'");
    expect(seen.rowCount).toBeGreaterThan(0);
    await rolledBack(async (client) => {
      for (const view of ['pg_stats', 'pg_stats_ext', 'pg_stats_ext_exprs']) {
        const { code, rows } = await attempt(
          client,
          asApp(a),
          `SELECT * FROM ${view} WHERE tablename = ANY ('{${tables.join(',')}}')`,
        );
        expect([view, code, rows]).toEqual([view, null, []]);
      }
    });
  });
});

describe('a plan that outlives its tenant', () => {
  let client: pg.Client;

  beforeAll(async () => {
    const { host, port, logins } = testServers();
    client = new pg.Client(testUrl(host, port, 'podcast_app', logins.podcast_app, database.name));
    await client.connect();
    await client.query('SET plan_cache_mode = force_generic_plan');
  });
  afterAll(() => client.end());

  const read = async (tenant: CanaryTenant | null, name: string, text: string, params: unknown[] = []) => {
    await client.query('BEGIN');
    if (tenant !== null) await client.query('SELECT set_tenant_context($1)', [tenant.tenantId]);
    const { rows } = await client.query<object>({ name, text, values: params });
    await client.query('COMMIT');
    return rows;
  };

  test('shows each tenant its own rows, and nobody none', async () => {
    for (const table of tables) {
      const text = `SELECT * FROM ${table}`;
      for (const [tenant, other] of [
        [a, b],
        [b, a],
        [a, b],
      ] as const) {
        const rows = await read(tenant, `all ${table}`, text);
        expect([table, shows(rows, tenant), shows(rows, other)]).toEqual([table, true, false]);
      }
      expect([table, await read(null, `all ${table}`, text)]).toEqual([table, []]);
      const byTenant = `SELECT * FROM ${table} WHERE tenant_id = $1`;
      const own = await read(a, `one ${table}`, byTenant, [a.tenantId]);
      const foreign = await read(b, `one ${table}`, byTenant, [a.tenantId]);
      expect([table, own.length > 0, foreign]).toEqual([table, true, []]);
    }
  });

  test('inside a function shows each tenant its own rows', async () => {
    for (const tenant of [a, b, a]) {
      const rows = await read(tenant, 'search', "SELECT id FROM search_podcasts('canary', 9)");
      expect(rows).toEqual([{ id: tenant.podcastId }]);
    }
  });

  test('made by a superuser is made anew for the role that it drops to', async () => {
    const superuser = new pg.Client(database.urls.owner);
    await superuser.connect();
    try {
      await superuser.query('SET plan_cache_mode = force_generic_plan');
      await superuser.query('PREPARE everything AS SELECT * FROM podcasts');
      const everything = await superuser.query<object>('EXECUTE everything');
      expect([shows(everything.rows, a), shows(everything.rows, b)]).toEqual([true, true]);
      for (const tenant of [a, b]) {
        await superuser.query(
          `BEGIN; SET LOCAL ROLE podcast_app; SELECT set_tenant_context('${tenant.tenantId}')`,
        );
        const { rows } = await superuser.query<object>('EXECUTE everything');
        expect([rows.length, shows(rows, tenant)]).toEqual([1, true]);
        await superuser.query('COMMIT');
      }
    } finally {
      await superuser.end();
    }
  });
});
