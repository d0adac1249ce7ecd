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
import { attempt, shows } from './isolation.contract.js';

const ROLES = ['app', 'maintenance', 'admin', 'search', 'lookup', 'queue'] as const;

let database: TestDatabase;
let client: pg.PoolClient;
let a: CanaryTenant;
let b: CanaryTenant;

beforeAll(async () => {
  database = await createTestDatabase();
  a = await seedEveryTable(database.owner);
  b = await seedEveryTable(database.owner);
  client = await database.owner.connect();
  await client.query('BEGIN; SET LOCAL search_path = public');
});
afterAll(async () => {
  client.release(true);
  await database.drop();
});

const EDIT = 'SELECT INSERT UPDATE DELETE';
const APPEND = 'SELECT INSERT';
const REVISE = 'SELECT INSERT UPDATE';
/** Facts stay as they came, except what names a listener, and the episode of a request that came in before it. */
const SCRUB =
  'SELECT INSERT UPDATE(address_day_id,audience_a,audience_b,count_id_today,count_id_yesterday,episode_id,event_data,net_id,network_id,path_id,payload_hash,referrer_id,segment,segment_ms,session_id,user_agent_id)';
/** Texts go when no row names them any more. */
const FORGET = 'SELECT INSERT DELETE UPDATE(value)';

/**
 * What each role may do with each table and view. A right on some columns names them. Roles and tables that are not here
 * may do nothing and be touched by nobody.
 */
const TABLE_RIGHTS: Record<(typeof ROLES)[number], Record<string, string>> = {
  app: {
    address_lists: REVISE,
    agent_overrides: 'SELECT INSERT UPDATE(removed_at)',
    aggregate_watermarks: REVISE,
    alerts: REVISE,
    annotations: APPEND,
    api_keys: EDIT,
    attribution_events: APPEND,
    audience_sketches: EDIT,
    count_carry: EDIT,
    counted_days: EDIT,
    dirty_buckets: EDIT,
    downloads: EDIT,
    duplicate_deliveries: REVISE,
    episode_files: 'SELECT INSERT UPDATE(duration_seconds,header_bytes,media_bytes)',
    episodes: EDIT,
    export_pieces: EDIT,
    exports: EDIT,
    feed_lanes: EDIT,
    import_files: REVISE,
    imports: REVISE,
    listener_dimensions: 'SELECT',
    listener_events: SCRUB,
    listener_events_daily: 'SELECT',
    listener_events_hourly: 'SELECT',
    listener_key_secrets: 'SELECT INSERT DELETE',
    listener_keys: REVISE,
    listener_metrics: EDIT,
    listener_totals: EDIT,
    dimension_counts: EDIT,
    listening_positions: EDIT,
    lists: APPEND,
    metrics_daily: EDIT,
    networks: APPEND,
    paths: FORGET,
    podcast_hosts: EDIT,
    podcasts: EDIT,
    privacy_requests: REVISE,
    public_handles: EDIT,
    quarantines: REVISE,
    raw_horizons: EDIT,
    recount_differences: EDIT,
    recounts: REVISE,
    referrers: FORGET,
    release_curves: EDIT,
    release_starts: EDIT,
    release_totals: EDIT,
    retention_horizons: EDIT,
    rule_sets: APPEND,
    schema_info: 'SELECT',
    schema_migrations: 'SELECT',
    snapshot_numbers: APPEND,
    snapshots: APPEND,
    storage_usage: EDIT,
    tenant_quotas: EDIT,
    tenant_settings: EDIT,
    tenants: EDIT,
    unrecorded_requests: REVISE,
    user_agents: 'SELECT INSERT DELETE UPDATE(app,device,value)',
  },
  maintenance: {
    address_lists: 'SELECT(kind,removed_at,tenant_id,validated_at)',
    dirty_buckets: 'DELETE SELECT(bucket,kind,mark_id,marked_at,tenant_id)',
    listener_keys: 'SELECT(destroy_after,destroyed_at,import_id,period,purpose,tenant_id)',
    lists: 'SELECT INSERT UPDATE(activated_at)',
    podcasts: 'SELECT(archived_at,created_at,feed_lane,feed_next_check_at,id,tenant_id)',
    raw_horizons: 'SELECT(moved_at,raw_from,tenant_id)',
    schema_info: 'SELECT',
    schema_migrations: 'SELECT',
    tenant_settings: 'SELECT(raw_retention_days,tenant_id)',
    tenants: 'SELECT(status,tenant_id)',
  },
  admin: {
    episodes: 'SELECT',
    listener_metrics: 'SELECT',
    listener_totals: 'SELECT',
    dimension_counts: 'SELECT',
    listening_positions: 'SELECT',
    metrics_daily: 'SELECT',
    podcasts: 'SELECT',
    schema_info: 'SELECT',
    schema_migrations: 'SELECT',
    tenant_quotas: 'SELECT',
    tenant_settings: 'SELECT',
    tenants: 'SELECT',
  },
  search: { episodes: 'SELECT', podcasts: 'SELECT' },
  lookup: {
    api_keys: 'SELECT(expires_at,key_id,kind,revoked_at,scopes,secret_hash,tenant_id,trusted_sender)',
    platform_keys: 'SELECT',
    public_handles: 'SELECT(handle,kind,target_id,tenant_id)',
    tenants: 'SELECT(status,tenant_id)',
  },
  queue: {},
};

const ON_TABLES: typeof TABLE_RIGHTS = {
  ...TABLE_RIGHTS,
  maintenance: {
    ...TABLE_RIGHTS.maintenance,
    attribution_events: 'DELETE SELECT(occurred_at,tenant_id)',
    listener_events: 'DELETE SELECT(occurred_at,tenant_id)',
  },
};
/**
 * What only one engine has: on TimescaleDB maintenance deletes raw events through functions, aggregates have views, and the
 * view before metric values shows nothing to the internal team, which reads them added up.
 */
const RIGHTS_OF_ENGINE: Record<string, typeof TABLE_RIGHTS> = {
  partitions: ON_TABLES,
  citus: ON_TABLES,
  timescale: {
    ...TABLE_RIGHTS,
    app: {
      ...TABLE_RIGHTS.app,
      ...(hasOwnAggregates() && { episode_events_daily: 'SELECT', episode_events_hourly: 'SELECT' }),
    },
    admin: Object.fromEntries(
      Object.entries(TABLE_RIGHTS.admin).filter(([table]) => table !== 'listener_metrics'),
    ),
  },
};

/** Functions of the schema that each role may call, those open to PUBLIC left out. */
const FUNCTION_RIGHTS: Record<(typeof ROLES)[number], string[]> = {
  app: [
    'aggregate_horizon',
    'due_feeds',
    'due_work',
    'lapsed_inclusions',
    'list_public_handles',
    'note_written_files',
    'refresh_metrics_daily',
    'resolve_api_key',
    'resolve_platform_key',
    'resolve_public_handle',
    'search_episodes',
    'search_podcasts',
    'set_tenant_context',
  ],
  maintenance: [
    'aggregate_horizon',
    'delete_raw_events',
    'drop_partitions_before',
    'due_feeds',
    'due_work',
    'ensure_partitions',
    'lapsed_inclusions',
    'oldest_raw_event',
  ],
  admin: [],
  search: ['search_episodes', 'search_podcasts'],
  lookup: ['list_public_handles', 'resolve_api_key', 'resolve_platform_key', 'resolve_public_handle'],
  queue: [],
};

/** Of no extension. */
const OWN = (catalogue: string, row: string) =>
  `NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = '${catalogue}'::regclass AND d.objid = ${row}.oid AND d.deptype = 'e')`;
const ROLE_LIST = `unnest(ARRAY['${ROLES.join("','")}']) AS r (role)`;

describe('the rights of the roles', () => {
  test('on tables and views are exactly these, by whatever way they were given', async () => {
    const { rows } = await client.query<{ role: string; name: string; rights: string }>(`
      SELECT r.role, c.relname AS name, string_agg(right_, ' ' ORDER BY place, right_) AS rights
      FROM ${ROLE_LIST} CROSS JOIN pg_class c CROSS JOIN LATERAL (
        SELECT p || CASE WHEN has_table_privilege('podcast_' || r.role, c.oid, p || ' WITH GRANT OPTION')
                         THEN ' WITH GRANT OPTION' ELSE '' END, n
        FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) WITH ORDINALITY AS t (p, n)
        WHERE has_table_privilege('podcast_' || r.role, c.oid, p)
        UNION ALL
        SELECT p || '(' || string_agg(att.attname, ',' ORDER BY att.attname) || ')', 99
        FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) p JOIN pg_attribute att ON att.attrelid = c.oid
        WHERE NOT has_table_privilege('podcast_' || r.role, c.oid, p)
          AND has_column_privilege('podcast_' || r.role, c.oid, att.attnum, p)
        GROUP BY p
      ) AS granted (right_, place)
      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
        AND ${OWN('pg_class', 'c')}
      GROUP BY r.role, c.relname`);
    const found: Record<string, Record<string, string>> = Object.fromEntries(ROLES.map((role) => [role, {}]));
    for (const { role, name, rights } of rows) found[role]![name] = rights;
    expect(found).toEqual(RIGHTS_OF_ENGINE[testEngine()]);
  });

  test('on functions are exactly these', async () => {
    const { rows } = await client.query<{ role: string; functions: string[] }>(`
      SELECT r.role, coalesce(array_agg(f.proname::text ORDER BY f.proname) FILTER (WHERE f.oid IS NOT NULL), '{}') AS functions
      FROM ${ROLE_LIST} LEFT JOIN pg_proc f ON f.pronamespace = 'public'::regnamespace
        AND has_function_privilege('podcast_' || r.role, f.oid, 'EXECUTE') AND NOT has_function_privilege('public', f.oid, 'EXECUTE')
      GROUP BY r.role`);
    expect(Object.fromEntries(rows.map(({ role, functions }) => [role, functions]))).toEqual(FUNCTION_RIGHTS);
  });

  test('on schemas, sequences and the database are exactly these', async () => {
    const { rows } = await client.query<{ role: string; may: string }>(`
      SELECT r.role, concat_ws(' ',
        (SELECT string_agg(p || ' on ' || n.nspname, ' ' ORDER BY n.nspname, p) FROM pg_namespace n, unnest(ARRAY['USAGE', 'CREATE']) p
         WHERE n.nspname !~ '^(pg_|information_schema)' AND has_schema_privilege('podcast_' || r.role, n.oid, p)
           AND NOT (p = 'USAGE' AND n.nspname = 'public') AND ${OWN('pg_namespace', 'n')}),
        (SELECT string_agg('sequence ' || s.relname, ' ') FROM pg_class s
         WHERE s.relkind = 'S' AND has_sequence_privilege('podcast_' || r.role, s.oid, 'USAGE,SELECT,UPDATE')
           AND ${OWN('pg_class', 's')}),
        (SELECT string_agg(p, ' ') FROM unnest(ARRAY['CREATE', 'TEMPORARY']) p
         WHERE has_database_privilege('podcast_' || r.role, current_database(), p))) AS may
      FROM ${ROLE_LIST}`);
    expect(Object.fromEntries(rows.map(({ role, may }) => [role, may]))).toEqual({
      app: '',
      maintenance: '',
      admin: '',
      search: '',
      lookup: '',
      queue: 'CREATE on bullmq USAGE on bullmq CREATE TEMPORARY',
    });
  });

  test('come from no membership, and no role may log in that should not', async () => {
    const { rows } = await client.query(`
      SELECT rolname AS name, rolcanlogin AS login, rolinherit AS inherits, rolbypassrls OR rolsuper AS bypasses,
             (SELECT count(*)::int FROM pg_auth_members m WHERE m.member = r.oid) AS memberships
      FROM pg_roles r WHERE rolname ~ '^podcast_' AND rolname <> current_user ORDER BY 1`);
    const onNodes = testEngine() === 'citus'; // which connect to each other as the role in force
    const role = (name: string, login: boolean) => ({
      name: `podcast_${name}`,
      login,
      inherits: false,
      bypasses: false,
      memberships: 0,
    });
    expect(rows).toEqual([
      role('admin', true),
      role('app', true),
      role('lookup', onNodes),
      role('maintenance', true),
      role('owner', onNodes),
      role('queue', true),
      role('search', onNodes),
    ]);
  });
});

describe('the roles beside the application', () => {
  const as = (role: string, text: string) =>
    attempt(client, { role: `podcast_${role}`, setting: null }, text);

  test('maintenance deletes old events of every tenant, and reads none of what they say', async () => {
    for (const { tenantId } of [a, b])
      expect(
        await as('maintenance', `SELECT delete_raw_events('${tenantId}', '-infinity', 'infinity')::int AS n`),
      ).toMatchObject({ code: null, rows: [{ n: 1 }] });
    for (const text of [
      'SELECT session_id FROM listener_events',
      'SELECT * FROM listener_events',
      'DELETE FROM listener_events RETURNING *',
      'SELECT FROM listener_key_secrets',
      'SELECT title FROM podcasts',
      'SELECT feed_url FROM podcasts',
      'SELECT secret_hash FROM api_keys',
      "UPDATE listener_events SET session_id = ''",
      `TRUNCATE ${rawTable('listener_events')}`,
    ])
      expect([text, (await as('maintenance', text)).code]).toEqual([text, '42501']);
  });

  test('admin reads every tenant, and neither writes nor reads secrets or raw events', async () => {
    const { admin } = RIGHTS_OF_ENGINE[testEngine()]!;
    for (const table of Object.keys(admin).filter((name) => !name.startsWith('schema_'))) {
      const { rows } = await as('admin', `SELECT * FROM ${table}`);
      expect([table, shows(rows, a), shows(rows, b)]).toEqual([table, true, true]);
      for (const text of [`DELETE FROM ${table}`, `UPDATE ${table} SET tenant_id = tenant_id`])
        expect([text, (await as('admin', text)).code]).toEqual([text, '42501']);
    }
    for (const table of [
      'api_keys',
      'listener_keys',
      'listener_key_secrets',
      'listener_events',
      'attribution_events',
      'user_agents',
    ])
      expect([table, (await as('admin', `SELECT FROM ${table}`)).code]).toEqual([table, '42501']);
  });

  test('queue reaches no table of ours', async () => {
    for (const table of Object.keys(TABLE_RIGHTS.app))
      expect([table, (await as('queue', `SELECT FROM ${table}`)).code]).toEqual([table, '42501']);
  });

  test('the owner sees no row of any tenant: its policies are those of a backfill, which has none', async () => {
    for (const table of ['tenants', 'podcasts', 'listener_events'])
      expect([table, (await as('owner', `SELECT * FROM ${table}`)).affected]).toEqual([table, 0]);
  });
});
