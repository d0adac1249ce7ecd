import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  createTestDatabase,
  hasOwnAggregates,
  rawTable,
  seedEveryTable,
  testEngine,
  type CanaryTenant,
  type TestDatabase,
} from '@lib/testing';
import type pg from 'pg';
import { asApp, attempt, shows, type Caller, type Outcome } from './isolation.contract.js';

let database: TestDatabase;
let client: pg.PoolClient;
let a: CanaryTenant;
let b: CanaryTenant;

beforeAll(async () => {
  database = await createTestDatabase();
  a = await seedEveryTable(database.owner);
  b = await seedEveryTable(database.owner);
  if (hasOwnAggregates())
    for (const aggregate of ['hourly', 'daily'])
      await database.owner.query(
        `CALL refresh_continuous_aggregate('ts.listener_events_${aggregate}', now() - interval '3 days', now() + interval '3 days')`,
      );
  client = await database.owner.connect();
  await client.query('BEGIN; SET LOCAL search_path = public');
});

afterAll(async () => {
  client.release(true);
  await database.drop();
});

const isTimescale = testEngine() === 'timescale';
const nobody: Caller = { role: 'podcast_app', setting: null };
const as = (caller: Caller, text: string) => attempt(client, caller, text);

/** Names in the first column of a query. */
async function names(text: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(text);
  return rows.map((row) => row.name);
}

const OWN_OBJECT = (catalogue: string) =>
  `NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = '${catalogue}'::regclass AND d.objid = o.oid AND d.deptype = 'e')`;

describe('every view that the application may read', () => {
  const VIEWS = `SELECT o.oid::regclass::text AS name FROM pg_class o
    WHERE o.relnamespace::regnamespace::text !~ '^(pg_|information_schema)' AND o.relkind IN ('v', 'm')
      AND has_any_column_privilege('podcast_app', o.oid, 'SELECT') AND ${OWN_OBJECT('pg_class')} ORDER BY 1`;
  /** Before hypertables, attacked as tables are; and before continuous aggregates. */
  const BEFORE_TABLES = isTimescale ? ['attribution_events', 'listener_events', 'listener_metrics'] : [];
  const BEFORE_AGGREGATES = hasOwnAggregates() ? ['episode_events_daily', 'episode_events_hourly'] : [];

  test('shows the own rows and no others', async () => {
    const views = await names(VIEWS);
    const expected = [
      'listener_dimensions',
      'listener_events_daily',
      'listener_events_hourly',
      ...BEFORE_TABLES,
      ...BEFORE_AGGREGATES,
    ];
    expect(views).toEqual(expected.sort());
    for (const view of views) {
      const own = await as(asApp(a), `SELECT * FROM ${view}`);
      expect([view, shows(own.rows, a), shows(own.rows, b)]).toEqual([view, true, false]);
      const foreign = await as(asApp(a), `SELECT * FROM ${view} WHERE tenant_id = '${b.tenantId}'`);
      expect([view, foreign.code, foreign.affected]).toEqual([view, null, 0]);
      expect([view, (await as(nobody, `SELECT * FROM ${view}`)).affected]).toEqual([view, 0]);
    }
  });

  test('takes no writes', async () => {
    const views = (await names(VIEWS)).filter((name) => !BEFORE_TABLES.includes(name));
    for (const view of views)
      for (const text of [
        `INSERT INTO ${view} (tenant_id) VALUES ('${b.tenantId}')`,
        `UPDATE ${view} SET tenant_id = '${b.tenantId}'`,
        `DELETE FROM ${view}`,
      ])
        // A view that joins others cannot be written at all.
        expect([text, (await as(asApp(a), text)).code]).toEqual([
          text,
          expect.stringMatching(/^(42501|55000)$/),
        ]);
  });
});

/**
 * What A gets from each function that the application may call, asked about B, and what a caller without a tenant gets.
 * `true` where the answer is a door's: it must show B, and only in the columns that the door is for.
 */
const CALLS: Record<string, (b: CanaryTenant) => { text: string; door?: string[]; withoutTenant?: string }> =
  {
    aggregate_horizon: () => ({ text: 'SELECT aggregate_horizon()' }),
    due_feeds: () => ({
      text: 'SELECT * FROM due_feeds(100)',
      door: ['tenant_id', 'podcast_id', 'lane', 'due_at'],
    }),
    due_work: () => ({ text: "SELECT * FROM due_work('slice', 100)", door: ['tenant_id', 'key', 'due_at'] }),
    evidence_level: () => ({ text: "SELECT evidence_level('play', true, 1)" }),
    lapsed_inclusions: () => ({
      text: "SELECT * FROM lapsed_inclusions(now() + interval '1 day')",
      door: ['tenant_id', 'entries'],
    }),
    list_public_handles: () => ({
      text: "SELECT * FROM list_public_handles('redirect', '', 100)",
      door: ['handle', 'tenant_id', 'target_id', 'tenant_status'],
    }),
    note_written_files: ({ tenantId, episodeId }) => ({
      text: `SELECT note_written_files('${tenantId}', ARRAY['${episodeId}']::uuid[])`,
    }),
    partition_horizon: () => ({ text: 'SELECT * FROM partition_horizon()' }),
    refresh_metrics_daily: ({ tenantId }) => ({
      text: `SELECT refresh_metrics_daily('${tenantId}', current_date - 1, current_date + 1)`,
    }),
    resolve_api_key: ({ keyId }) => ({
      text: `SELECT * FROM resolve_api_key('${keyId}')`,
      door: [
        'tenant_id',
        'kind',
        'scopes',
        'trusted_sender',
        'secret_hash',
        'expires_at',
        'revoked_at',
        'tenant_status',
      ],
    }),
    resolve_public_handle: ({ canary }) => ({
      text: `SELECT * FROM resolve_public_handle('redirect', '${canary}')`,
      door: ['tenant_id', 'target_id', 'tenant_status'],
    }),
    resolve_platform_key: ({ keyId }) => ({ text: `SELECT * FROM resolve_platform_key('${keyId}')` }),
    search_episodes: ({ canary, podcastId }) => ({
      text: `SELECT * FROM search_episodes('${canary}', '${podcastId}', 100)`,
      withoutTenant: '42501',
    }),
    search_podcasts: () => ({ text: "SELECT * FROM search_podcasts('%', 100)", withoutTenant: '42501' }),
    set_tenant_context: ({ tenantId }) => ({ text: `SELECT set_tenant_context('${tenantId}')` }),
  };

describe('every function that the application may call', () => {
  const FUNCTIONS = (condition: string) => `SELECT o.proname AS name FROM pg_proc o
    WHERE o.pronamespace::regnamespace::text !~ '^(pg_|information_schema)'
      AND has_function_privilege('podcast_app', o.oid, 'EXECUTE') AND ${condition} ORDER BY 1`;

  test('is one of those called below', async () => {
    expect(await names(FUNCTIONS(OWN_OBJECT('pg_proc')))).toEqual(Object.keys(CALLS).sort());
    expect(await names(FUNCTIONS(`o.prosecdef AND NOT (${OWN_OBJECT('pg_proc')})`))).toEqual([]);
  });

  test('shows another tenant only through a door, and there only what the door is for', async () => {
    for (const [name, call] of Object.entries(CALLS)) {
      const { text, door } = call(b);
      const { rows } = await as(asApp(a), text);
      if (door) expect([name, shows(rows, b), Object.keys(rows[0]!)]).toEqual([name, true, door]);
      else expect([name, shows(rows, b)]).toEqual([name, false]);
    }
  });

  test('that needs a tenant refuses a caller without', async () => {
    for (const [name, call] of Object.entries(CALLS)) {
      const { text, withoutTenant = null } = call(b);
      expect([name, (await as(nobody, text)).code]).toEqual([name, withoutTenant]);
    }
  });

  test('finds the own rows: the searches and the refresh are not empty by accident', async () => {
    const found = (outcome: Outcome) => outcome.rows.map((row) => row['id']);
    const ask = (text: string) => as(asApp(a), text);
    expect(found(await ask(`SELECT * FROM search_podcasts('${a.canary}', 9)`))).toEqual([a.podcastId]);
    expect(found(await ask(`SELECT * FROM search_podcasts('canary', 9)`))).toEqual([a.podcastId]);
    expect(found(await ask(`SELECT * FROM search_episodes('canary', NULL, 9)`))).toEqual([a.episodeId]);
    expect(found(await ask(`SELECT * FROM search_podcasts('${b.canary}', 9)`))).not.toContain(b.podcastId);
    const refreshed = await ask(CALLS['refresh_metrics_daily']!(a).text);
    expect(refreshed.rows).toEqual([{ refresh_metrics_daily: 1 }]);
  });

  test("leaves another tenant's rows as they were", async () => {
    const state = async () => (await as(asApp(b), 'SELECT * FROM metrics_daily ORDER BY rule_set_id')).rows;
    const before = await state();
    await client.query('SAVEPOINT refresh');
    await client.query(`SET LOCAL ROLE podcast_app; SELECT set_tenant_context('${a.tenantId}')`);
    await client.query(CALLS['refresh_metrics_daily']!(b).text);
    await client.query("RESET ROLE; SELECT set_config('app.current_tenant', '', true)");
    expect(await state()).toEqual(before);
    await client.query('ROLLBACK TO SAVEPOINT refresh');
  });

  test('of PostgreSQL that runs a query given as text, stays behind the wall', async () => {
    for (const text of [
      "SELECT query_to_xml('SELECT * FROM podcasts', true, false, '')::text AS answer",
      "SELECT table_to_xml('podcasts', true, false, '')::text AS answer",
      "SELECT schema_to_xml('public', true, false, '')::text AS answer",
      "SELECT cursor_to_xml('c', 9, true, false, '')::text AS answer",
      "SELECT ts_stat('SELECT to_tsvector(title) FROM podcasts')::text AS answer",
    ]) {
      const declare = 'DECLARE c CURSOR FOR SELECT * FROM podcasts; ';
      await client.query('SAVEPOINT text');
      await client.query(
        `SET LOCAL ROLE podcast_app; SELECT set_tenant_context('${a.tenantId}'); ${declare}`,
      );
      const { rows } = await client.query<object>(text);
      expect([text, shows(rows, b), rows.length > 0]).toEqual([text, false, true]);
      await client.query('ROLLBACK TO SAVEPOINT text');
    }
  });
});

describe('behind the tables', () => {
  test('no partition or chunk can be read or written directly', async () => {
    const partitions = await names(
      isTimescale
        ? `SELECT o.oid::regclass::text AS name FROM pg_class o WHERE o.relkind = 'r' AND ${OWN_OBJECT('pg_class')}
             AND o.relnamespace IN ('ts'::regnamespace, '_timescaledb_internal'::regnamespace) ORDER BY 1`
        : `SELECT o.oid::regclass::text AS name FROM pg_class o WHERE o.relispartition AND o.relkind = 'r' ORDER BY 1`,
    );
    expect(partitions.length).toBeGreaterThanOrEqual(2);
    for (const partition of partitions)
      for (const text of [
        `SELECT * FROM ${partition}`,
        `INSERT INTO ${partition} DEFAULT VALUES`,
        `DELETE FROM ${partition}`,
        `MERGE INTO ${partition} USING (SELECT) s ON true WHEN MATCHED THEN DELETE`,
        `TRUNCATE ${partition}`,
        `SELECT FROM ${partition} FOR UPDATE`,
      ])
        expect([text, (await as(asApp(a), text)).code]).toEqual([
          text,
          expect.stringMatching(/^(42501|0A000)$/),
        ]);
  });

  test('a partition made later is behind the wall, and so are the rows in it', async () => {
    await client.query('SAVEPOINT later');
    await client.query("SELECT ensure_partitions('2040-01-01Z', '2040-01-02Z')");
    await client.query(
      `INSERT INTO ${rawTable('attribution_events')} (tenant_id, occurred_at, event_id, received_at, payload_hash, payload_hash_version, kind)
       VALUES ($1, '2040-01-01Z', $2, now(), 1, 1, $3)`,
      [b.tenantId, b.eventId, b.canary],
    );
    const stored = await as(asApp(b), "SELECT * FROM attribution_events WHERE occurred_at > '2039-01-01Z'");
    const parent = await as(asApp(a), "SELECT * FROM attribution_events WHERE occurred_at > '2039-01-01Z'");
    const [part] = await names(
      isTimescale
        ? "SELECT show_chunks('ts.attribution_events', newer_than => '2039-01-01Z'::timestamptz)::text AS name"
        : "SELECT 'attribution_events_p20391226' AS name",
    );
    const direct = await as(asApp(a), `SELECT * FROM ${part}`);
    expect([stored.affected, parent.affected, direct.code]).toEqual([1, 0, '42501']);
    await client.query('ROLLBACK TO SAVEPOINT later');
  });

  test('no TOAST table, statistics catalogue, large object or other schema can be read', async () => {
    const toast = await names(
      `SELECT o.reltoastrelid::regclass::text AS name FROM pg_class o
       WHERE o.relnamespace = 'public'::regnamespace AND o.reltoastrelid <> 0`,
    );
    expect(toast.length).toBeGreaterThan(0);
    const closed = [...toast, 'pg_statistic', 'pg_statistic_ext_data', 'pg_largeobject', 'pg_authid'];
    for (const relation of closed)
      expect([relation, (await as(asApp(a), `SELECT * FROM ${relation}`)).code]).toEqual([relation, '42501']);
    expect((await as(asApp(a), 'CREATE TABLE bullmq.t (id int)')).code).toBe('42501');
  });
});
