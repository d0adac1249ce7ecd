import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  createTestDatabase,
  hasOwnAggregates,
  seedEveryTable,
  testEngine,
  type CanaryTenant,
  type TestDatabase,
} from '@lib/testing';
import pg from 'pg';

let database: TestDatabase;
let app: pg.Client;
let a: CanaryTenant;

beforeAll(async () => {
  database = await createTestDatabase();
  a = await seedEveryTable(database.owner);
  await seedEveryTable(database.owner);
  app = new pg.Client({ connectionString: database.urls.app });
  await app.connect();
});
afterAll(async () => {
  await app.end();
  await database.drop();
});

async function names(text: string): Promise<string[]> {
  return (await database.owner.query<{ name: string }>(text)).rows.map(({ name }) => name);
}

if (testEngine() !== 'timescale')
  test('no schema of hypertables is there, on an engine without any', async () => {
    expect(await names("SELECT nspname AS name FROM pg_namespace WHERE nspname = 'ts'")).toEqual([]);
  });
else {
  test('raw events and metric values are hypertables, in the schema that no role of the application may enter', async () => {
    const hypertables = 'SELECT hypertable_name AS name FROM timescaledb_information.hypertables';
    expect(await names(`${hypertables} WHERE hypertable_schema = 'ts' ORDER BY 1`)).toEqual([
      'attribution_events',
      'listener_events',
      'listener_metrics',
    ]);
  });

  test('nothing that TimescaleDB lets everybody call changes or tells the rows of a chunk', async () => {
    await oldEventOfBoth();
    const targets = await names(
      `SELECT c::text AS name FROM show_chunks('ts.listener_events') c
       UNION ALL SELECT unnest(ARRAY['ts.listener_events', 'public.listener_events'])`,
    );
    if (hasOwnAggregates()) targets.push('ts.listener_events_hourly');
    expect(targets.length).toBeGreaterThan(3);
    const before = await fingerprint();
    expect(before).toHaveLength(32);
    const calls = await routineCalls();
    expect(calls.length).toBeGreaterThan(80);
    const changing: string[] = [];
    for (const call of calls) {
      for (const target of targets) await tryCall(call.replaceAll('$target', target));
      if ((await fingerprint()) !== before) {
        changing.push(call);
        break;
      }
    }
    expect(changing).toEqual([]);
  });

  test('the functions that would are refused, by their names', async () => {
    const [chunk] = await names("SELECT show_chunks('ts.listener_events')::text AS name LIMIT 1");
    for (const schema of ['_timescaledb_functions', '_timescaledb_internal'])
      for (const text of [
        `SELECT ${schema}.drop_chunk('${chunk}')`,
        `SELECT ${schema}.freeze_chunk('${chunk}')`,
        `SELECT ${schema}.unfreeze_chunk('${chunk}')`,
      ])
        expect([text, await codeOf(text)]).toEqual([text, '42501']);
    const ofCommunity = hasOwnAggregates()
      ? [
          "CALL refresh_continuous_aggregate('ts.listener_events_hourly', NULL, NULL)",
          `SELECT compress_chunk('${chunk}')`,
        ]
      : [];
    for (const text of [
      ...ofCommunity,
      "SELECT add_job('pg_sleep', '1 s')",
      "SELECT drop_chunks('ts.listener_events', older_than => now())",
      "SELECT drop_partitions_before('-infinity')",
      `SELECT delete_raw_events('${a.tenantId}', '-infinity', 'infinity')`,
    ])
      expect([text, await codeOf(text)]).toEqual([text, '42501']);
  });
}

/** A compressed chunk beside the one of today. */
async function oldEventOfBoth(): Promise<void> {
  await database.owner.query(
    `INSERT INTO ts.listener_events (tenant_id, occurred_at, event_id, received_at, payload_hash, payload_hash_version,
       trusted_sender, event_type)
     SELECT tenant_id, now() - interval '20 days', gen_random_uuid(), now(), 1, 1, true, 'play' FROM tenants`,
  );
  if (hasOwnAggregates())
    await database.owner.query(
      "SELECT compress_chunk(c) FROM show_chunks('ts.listener_events', older_than => now() - interval '10 days') c",
    );
}

async function tryCall(text: string): Promise<void> {
  const answer = await app.query<object>(text).catch(() => ({ rows: [] }));
  expect(JSON.stringify(answer.rows)).not.toContain('canary');
}

async function codeOf(text: string): Promise<string | undefined> {
  return app.query(text).then(
    () => 'accepted',
    (error: unknown) => (error as { code?: string }).code,
  );
}

/** Everything that a chunk is: its rows, how the catalogue of TimescaleDB describes it, and who may do what with it. */
async function fingerprint(): Promise<string> {
  const parts = [
    'chunk',
    'hypertable',
    'dimension',
    'dimension_slice',
    'compression_settings',
    'continuous_agg',
  ]
    .map((table) => `SELECT 't' || x::text FROM _timescaledb_catalog.${table} x`)
    .join(' UNION ALL ');
  const [print] = await names(
    `SELECT md5(string_agg(t, E'\\n' ORDER BY t)) AS name FROM (
       SELECT e::text FROM ts.listener_events e UNION ALL SELECT e::text FROM ts.attribution_events e
       UNION ALL SELECT e::text FROM public.listener_events_hourly e
       UNION ALL ${parts}
       UNION ALL SELECT job_id || proc_name || config::text FROM timescaledb_information.jobs WHERE job_id >= 1000
       UNION ALL SELECT relname || relacl::text FROM pg_class WHERE relacl IS NOT NULL) AS seen (t)`,
  );
  return print ?? '';
}

/** A call of every routine of the extension that anybody may call, on `$target` where it takes a table. */
async function routineCalls(): Promise<string[]> {
  const { rows } = await database.owner.query<{ name: string; kind: string; types: string[] }>(
    `SELECT p.oid::regproc::text AS name, p.prokind AS kind,
            ARRAY(SELECT t::regtype::text FROM unnest(p.proargtypes[0:p.pronargs - p.pronargdefaults - 1]) t) AS types
     FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
     JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'timescaledb'
     WHERE has_function_privilege('podcast_app', p.oid, 'EXECUTE') AND p.prokind IN ('f', 'p') AND p.provolatile <> 'i'
       AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)`,
  );
  return rows.map(({ name, kind, types }) => {
    const values = types.map((type) => VALUES[type] ?? 'NULL').join(', ');
    return kind === 'p' ? `CALL ${name}(${values})` : `SELECT * FROM ${name}(${values})`;
  });
}

const VALUES: Record<string, string> = {
  regclass: "'$target'::regclass",
  'regclass[]': "ARRAY['$target'::regclass]",
  oid: "'$target'::regclass::oid",
  name: "'occurred_at'",
  text: "'x'",
  'text[]': "ARRAY['tenant_id']",
  integer: '1',
  bigint: '1',
  boolean: 'true',
  interval: "interval '1 day'",
  jsonb: `'{"hypertable_id": 1, "drop_after": "1 day", "mat_hypertable_id": 1}'`,
  '"any"': "timestamptz '2100-01-01'",
  anyelement: "interval '2 days'",
  'timestamp with time zone': "timestamptz '2100-01-01'",
};
