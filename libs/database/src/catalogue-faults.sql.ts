import type { Sql } from './role-pool.js';

const CONTEXT = "(NULLIF(current_setting('app.current_tenant'::text, true), ''::text))::uuid";
/** What every policy says, as the catalogue prints it. Nodes of Citus run policies without a sub-select only. */
const OWN_TENANT = {
  onOneNode: `(tenant_id = ( SELECT ${CONTEXT} AS "nullif"))`,
  onCitus: `(tenant_id = ${CONTEXT})`,
};

/** The statements of `set_tenant_context` that name the tenant. Only SET LOCAL as a statement reaches the nodes of Citus. */
const NAMES_TENANT = {
  onOneNode: ["PERFORM set_config('app.current_tenant', p_tenant::text, true);"],
  onCitus: [
    "EXECUTE 'SET LOCAL citus.propagate_set_commands = ''local''';",
    "EXECUTE format('SET LOCAL app.current_tenant = %L', p_tenant::text);",
  ],
};

/** Policies beside the two walls: `table policy command role`. Anything not listed here is a fault. */
const OPEN_POLICIES = [
  ...[
    'tenants',
    'tenant_settings',
    'tenant_quotas',
    'podcasts',
    'episodes',
    'listener_metrics',
    'listener_totals',
    'dimension_counts',
    'metrics_daily',
    'listening_positions',
  ].map((table) => `${table} admin_read r podcast_admin`),
  ...[
    'tenants',
    'tenant_settings',
    'podcasts',
    'raw_horizons',
    'dirty_buckets',
    'listener_events',
    'attribution_events',
    'listener_keys',
    'address_lists',
  ].map((table) => `${table} maintenance_read r podcast_maintenance`),
  ...['listener_events', 'attribution_events', 'dirty_buckets'].map(
    (table) => `${table} maintenance_delete d podcast_maintenance`,
  ),
  ...['podcasts', 'episodes'].map((table) => `${table} search_read r podcast_search`),
  ...['api_keys', 'tenants', 'public_handles'].map((table) => `${table} lookup_read r podcast_lookup`),
];

/** Indexes that may start with another column: a credential or a public handle is looked up before its tenant is known. */
const INDEXES_WITHOUT_TENANT = ['api_keys_key_id_key', 'public_handles_kind_handle_key'];

/** Tables that hold no tenant's data. */
const TABLES_WITHOUT_TENANT = ['schema_info', 'schema_migrations', 'platform_keys', 'lists', 'feed_lanes'];

/** Schemas of TimescaleDB's hypertables and chunks, where row-level security cannot be: nobody but the owner has a right there. */
const PRIVATE_SCHEMAS = ['ts', '_timescaledb_internal'];

/**
 * Views that are the wall themselves, over a relation of the schema `ts`: `view relation check-option`. Each shows the
 * rows of the context's tenant, and takes no others.
 */
const BARRIER_VIEWS = [
  'listener_events listener_events cascaded',
  'attribution_events attribution_events cascaded',
  'listener_metrics listener_metrics cascaded',
  'episode_events_hourly listener_events_hourly none',
  'episode_events_daily listener_events_daily none',
];

/**
 * Functions of TimescaleDB that change chunks without asking whose they are, the one that runs others later, and one that
 * ends the server on the Apache edition.
 */
const CHUNK_FUNCTIONS = [
  'add_job',
  'attach_osm_table_chunk',
  'chunk_constraint_add_table_constraint',
  'chunk_rewrite_cleanup',
  'create_chunk',
  'create_compressed_chunk',
  'drop_chunk',
  'drop_osm_chunk',
  'estimate_compressed_batch_size',
  'freeze_chunk',
  'hypertable_osm_range_update',
  'lock_osm_chunk_dimension_slice',
  'recompress_chunk_segmentwise',
  'remove_dropped_chunk_metadata',
  'unfreeze_chunk',
];

/** SECURITY DEFINER functions, with the role that must own each. */
const DOORS = [
  'resolve_api_key podcast_lookup',
  'resolve_platform_key podcast_lookup',
  'resolve_public_handle podcast_lookup',
  'list_public_handles podcast_lookup',
  'due_work podcast_maintenance',
  'due_feeds podcast_maintenance',
  'lapsed_inclusions podcast_maintenance',
  'aggregate_horizon podcast_maintenance',
  'search_podcasts podcast_search',
  'search_episodes podcast_search',
  'ensure_partitions podcast_owner',
  'drop_partitions_before podcast_owner',
  // On TimescaleDB; elsewhere they run as their caller.
  'oldest_raw_event podcast_owner',
  'delete_raw_events podcast_owner',
];

/**
 * Every way in which the catalogue departs from the isolation rules of the schema; empty when none does.
 *
 * Reads `pg_catalog` only, so any login may run it. Used by the tests, by `podcast doctor` and by the migration scripts.
 */
export async function catalogueFaults(sql: Sql): Promise<string[]> {
  const place = (await isDistributed(sql)) ? 'onCitus' : 'onOneNode';
  const rows = await sql<{ fault: string }>(CATALOGUE_FAULTS, [
    OWN_TENANT[place],
    OPEN_POLICIES,
    INDEXES_WITHOUT_TENANT,
    TABLES_WITHOUT_TENANT,
    DOORS,
    PRIVATE_SCHEMAS,
    BARRIER_VIEWS,
    CHUNK_FUNCTIONS,
    NAMES_TENANT[place],
  ]);
  return rows.map((row) => row.fault);
}

/** Whether Citus has distributed the tables. */
async function isDistributed(sql: Sql): Promise<boolean> {
  const [citus] = await sql<{ here: boolean }>("SELECT to_regclass('pg_dist_partition') IS NOT NULL AS here");
  if (citus?.here !== true) return false;
  const [row] = await sql<{ any: boolean }>('SELECT EXISTS (SELECT FROM pg_dist_partition) AS any');
  return row?.any === true;
}

const CATALOGUE_FAULTS = `
  WITH app_roles (role) AS (
    VALUES ('podcast_app'), ('podcast_maintenance'), ('podcast_admin'), ('podcast_search'), ('podcast_lookup'), ('podcast_queue')
  ), present AS (
    SELECT g.oid FROM app_roles r JOIN pg_roles g ON g.rolname = r.role
  ), relations AS (
    -- Ours: all of schema public, and elsewhere what has a tenant or what our roles can reach.
    SELECT c.oid, c.relname, n.nspname, n.nspname = ANY ($6::text[]) AS private, c.relkind, c.relispartition, c.relrowsecurity, c.relforcerowsecurity, c.relowner, c.relacl, c.reloptions
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S') AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'bullmq')
      AND (n.nspname IN ('public', 'ts')
        OR c.relkind IN ('r', 'p', 'f')
           AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped)
        OR EXISTS (SELECT FROM present WHERE has_schema_privilege(present.oid, n.oid, 'USAGE')
                   AND CASE c.relkind WHEN 'S' THEN has_sequence_privilege(present.oid, c.oid, 'USAGE,SELECT,UPDATE')
                            ELSE has_any_column_privilege(present.oid, c.oid, 'SELECT,INSERT,UPDATE') END))
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
  ), tables AS (
    SELECT * FROM relations WHERE relkind IN ('r', 'p', 'f') AND NOT private
  ), private_relations AS (
    SELECT *, nspname || '.' || relname AS name FROM relations WHERE private
  ), hypertables AS (
    SELECT * FROM private_relations WHERE nspname = 'ts' AND relkind = 'r'
  ), barriers AS (
    SELECT split_part(b, ' ', 1) AS name, split_part(b, ' ', 2) AS relation, split_part(b, ' ', 3) AS check_option
    FROM unnest($7::text[]) b
  ), tenant_tables AS (
    SELECT * FROM tables WHERE relname <> ALL ($4::text[])
  ), grants AS (
    SELECT r.oid, r.relname, r.private, r.relkind, r.relispartition, a.privilege_type, a.is_grantable, a.grantee,
           CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee) END AS to_whom
    FROM relations r CROSS JOIN LATERAL (
      SELECT * FROM aclexplode(r.relacl)
      UNION ALL SELECT x.* FROM pg_attribute c, aclexplode(c.attacl) x WHERE c.attrelid = r.oid
    ) a WHERE a.grantee <> r.relowner
  ), doors AS (
    SELECT f.oid, f.proname, f.proowner, f.proconfig FROM pg_proc f JOIN pg_namespace n ON n.oid = f.pronamespace
    WHERE f.prosecdef AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'bullmq')
      AND (n.nspname = 'public' OR EXISTS (SELECT FROM present WHERE has_schema_privilege(present.oid, n.oid, 'USAGE')
                                           AND has_function_privilege(present.oid, f.oid, 'EXECUTE')))
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = f.oid AND d.deptype = 'e')
  ), policies AS (
    SELECT t.relname, p.polname, p.polcmd::text, p.polpermissive, pg_get_expr(p.polqual, p.polrelid) AS qual,
           pg_get_expr(p.polwithcheck, p.polrelid) AS with_check,
           (SELECT string_agg(CASE WHEN r = 0 THEN 'PUBLIC' ELSE pg_get_userbyid(r) END, ',') FROM unnest(p.polroles) r) AS roles
    FROM pg_policy p JOIN tables t ON t.oid = p.polrelid
  )
  SELECT relname || ': the first column is not tenant_id uuid NOT NULL' AS fault FROM tenant_tables t
    WHERE NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attnum = 1 AND a.attname = 'tenant_id'
                      AND a.atttypid = 'uuid'::regtype AND a.attnotnull)
  UNION ALL SELECT relname || ': row-level security is not enabled' FROM tenant_tables WHERE NOT relrowsecurity
  UNION ALL SELECT relname || ': row-level security is not forced' FROM tenant_tables WHERE NOT relforcerowsecurity
  UNION ALL SELECT t.relname || ': policy ' || w.name || ' is missing or its text is not the generated one'
    FROM tenant_tables t CROSS JOIN (VALUES ('tenant_isolation', true), ('tenant_wall', false)) w (name, permissive)
    WHERE NOT t.relispartition AND NOT EXISTS (
      SELECT FROM policies p WHERE p.relname = t.relname AND p.polname = w.name AND p.polpermissive = w.permissive
        AND p.polcmd = '*' AND p.roles = 'podcast_app' AND p.qual = $1 AND p.with_check = $1)
  UNION ALL SELECT p.relname || ': unexpected policy ' || p.polname || ' for ' || p.roles FROM policies p
    WHERE p.polname NOT IN ('tenant_isolation', 'tenant_wall')
      AND p.relname || ' ' || p.polname || ' ' || p.polcmd || ' ' || p.roles <> ALL ($2::text[])
  UNION ALL SELECT t.relname || ': a partition carries its own policy' FROM tenant_tables t
    WHERE t.relispartition AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = t.oid)
  UNION ALL SELECT DISTINCT g.relname || ': a partition carries its own grants' FROM grants g WHERE g.relispartition
  UNION ALL SELECT t.relname || ': a rule rewrites what is sent to it' FROM tenant_tables t
    WHERE EXISTS (SELECT FROM pg_rewrite r WHERE r.ev_class = t.oid)
  UNION ALL SELECT t.relname || ': index ' || x.relname || ' does not start with tenant_id'
    FROM tenant_tables t JOIN pg_index i ON i.indrelid = t.oid JOIN pg_class x ON x.oid = i.indexrelid
    WHERE i.indkey[0] <> 1 AND x.relname <> ALL ($3::text[])
  UNION ALL SELECT t.relname || ': index ' || i.indexrelid::regclass || ' is invalid'
    FROM tables t JOIN pg_index i ON i.indrelid = t.oid WHERE NOT i.indisvalid
  UNION ALL SELECT t.relname || ': foreign key ' || k.conname || ' does not start with tenant_id'
    FROM tenant_tables t JOIN pg_constraint k ON k.conrelid = t.oid
    WHERE k.contype = 'f' AND (k.conkey[1] <> 1 OR k.confkey[1] <> 1)
  UNION ALL SELECT relname || ': owned by ' || pg_get_userbyid(relowner) || ', not by podcast_owner' FROM tables
    WHERE pg_get_userbyid(relowner) <> 'podcast_owner'
  UNION ALL SELECT DISTINCT g.relname || ': ' || g.privilege_type || ' is granted to ' || g.to_whom
      || CASE WHEN g.is_grantable THEN ' with the right to grant it' ELSE '' END
    FROM grants g WHERE g.relkind IN ('r', 'p', 'f') AND NOT g.private
      AND (g.grantee = 0 OR g.is_grantable OR g.privilege_type IN ('TRUNCATE', 'REFERENCES', 'TRIGGER'))
  UNION ALL SELECT relname || ': a view that is not security_invoker' FROM relations
    WHERE relkind = 'v' AND NOT private AND relname NOT IN (SELECT name FROM barriers) AND NOT coalesce('security_invoker=true' = ANY (reloptions), false)
  UNION ALL SELECT b.name || ': the view is no barrier, or not the generated one' FROM barriers b JOIN relations v
      ON v.relname = b.name AND v.nspname = 'public' AND v.relkind = 'v'
    WHERE NOT coalesce('security_barrier=true' = ANY (v.reloptions), false) OR pg_get_userbyid(v.relowner) <> 'podcast_owner'
       OR b.check_option <> coalesce((SELECT split_part(o, '=', 2) FROM unnest(v.reloptions) o WHERE o LIKE 'check_option=%'), 'none')
       OR ' WHERE ' || $1 || ';' IS DISTINCT FROM substring(replace(regexp_replace(pg_get_viewdef(v.oid), '\\s+', ' ', 'g'),
                                                      b.relation || '.tenant_id', 'tenant_id') FROM ' WHERE .*$')
       OR ARRAY(SELECT DISTINCT d.refobjid FROM pg_rewrite r JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
                WHERE r.ev_class = v.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> v.oid)
          <> ARRAY(SELECT p.oid FROM private_relations p WHERE p.nspname = 'ts' AND p.relname = b.relation)
  UNION ALL SELECT h.relname || ': a hypertable without its view' FROM hypertables h WHERE NOT EXISTS (
    SELECT FROM relations v WHERE v.relname = h.relname AND v.nspname = 'public' AND v.relkind = 'v')
  UNION ALL SELECT name || ': the first column is not tenant_id uuid NOT NULL, or a column was dropped' FROM hypertables h
    WHERE EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = h.oid AND a.attisdropped)
       OR NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = h.oid AND a.attnum = 1 AND a.attname = 'tenant_id'
                      AND a.atttypid = 'uuid'::regtype AND a.attnotnull)
  UNION ALL SELECT h.name || ': index ' || i.indexrelid::regclass || ' does not start with tenant_id'
    FROM hypertables h JOIN pg_index i ON i.indrelid = h.oid WHERE i.indkey[0] <> 1
  UNION ALL SELECT name || ': owned by ' || pg_get_userbyid(relowner) || ', not by podcast_owner' FROM private_relations
    WHERE pg_get_userbyid(relowner) <> 'podcast_owner'
  UNION ALL SELECT DISTINCT p.name || ': ' || g.privilege_type || ' is granted to ' || g.to_whom
    FROM grants g JOIN private_relations p ON p.oid = g.oid
  UNION ALL SELECT pg_get_userbyid(present.oid) || ' may enter schema ts' FROM present JOIN pg_namespace n ON n.nspname = 'ts'
    WHERE has_schema_privilege(present.oid, n.oid, 'USAGE')
  UNION ALL SELECT DISTINCT f.proname || ': an application role may call what harms every tenant' FROM present, pg_proc f
      JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = f.oid AND d.deptype = 'e'
      JOIN pg_extension x ON x.oid = d.refobjid AND x.extname = 'timescaledb'
    WHERE f.proname = ANY ($8::text[]) AND has_function_privilege(present.oid, f.oid, 'EXECUTE')
      AND EXISTS (SELECT FROM hypertables)
  UNION ALL SELECT DISTINCT relname || ': a materialized view or sequence is granted to ' || to_whom FROM grants
    WHERE relkind IN ('m', 'S') AND NOT private
  UNION ALL SELECT 'large object ' || l.oid || ': it belongs to no tenant' FROM pg_largeobject_metadata l
    WHERE EXISTS (SELECT FROM present p WHERE p.oid = l.lomowner
                  OR EXISTS (SELECT FROM aclexplode(l.lomacl) a WHERE a.grantee IN (0, p.oid)))
  UNION ALL SELECT proname || ': unlisted SECURITY DEFINER function, or owned by ' || pg_get_userbyid(proowner) FROM doors
    WHERE proname || ' ' || pg_get_userbyid(proowner) <> ALL ($5::text[])
  UNION ALL SELECT proname || ': a SECURITY DEFINER function that PUBLIC may call, or without a fixed search_path' FROM doors
    WHERE has_function_privilege('public', oid, 'EXECUTE')
       OR NOT EXISTS (SELECT FROM unnest(proconfig) c WHERE c LIKE 'search_path=pg_catalog%')
  UNION ALL SELECT 'set_tenant_context: missing, or not the generated one' WHERE NOT EXISTS (
    SELECT FROM pg_proc f WHERE f.pronamespace = 'public'::regnamespace AND f.proname = 'set_tenant_context'
      AND NOT f.prosecdef AND f.prosrc LIKE '%IF present IS NOT NULL AND present <> p_tenant::text THEN%'
      AND NOT EXISTS (SELECT FROM unnest($9::text[]) statement WHERE strpos(f.prosrc, statement) = 0))
  UNION ALL SELECT g.rolname || ': superuser, BYPASSRLS, CREATEROLE, CREATEDB or REPLICATION' FROM pg_roles g
    WHERE (g.rolname = 'podcast_owner' OR g.oid IN (SELECT oid FROM present))
      AND (g.rolsuper OR g.rolbypassrls OR g.rolcreaterole OR g.rolcreatedb OR g.rolreplication)
  UNION ALL SELECT r.role || ': the role is missing' FROM app_roles r
    WHERE NOT EXISTS (SELECT FROM pg_roles g WHERE g.rolname = r.role)
  UNION ALL SELECT pg_get_userbyid(m.member) || ': a member of ' || pg_get_userbyid(m.roleid)
    FROM pg_auth_members m WHERE m.member IN (SELECT oid FROM present)
  UNION ALL SELECT coalesce(g.rolname, 'every role') || ': starts with ' || split_part(c, '=', 1) || ' set'
    FROM pg_db_role_setting s LEFT JOIN pg_roles g ON g.oid = s.setrole, unnest(s.setconfig) c
    WHERE split_part(c, '=', 1) IN ('app.current_tenant', 'role')
      AND s.setdatabase IN (0, (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()))
  UNION ALL SELECT 'citus.enable_local_execution is not off: rows could be copied past row-level security'
    WHERE EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') AND NOT EXISTS (
      SELECT FROM pg_db_role_setting s, unnest(s.setconfig) c
      WHERE c = 'citus.enable_local_execution=off' AND s.setrole = 0
        AND s.setdatabase = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()))
  UNION ALL SELECT DISTINCT 'default privileges name ' || CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee) END
    FROM pg_default_acl d, aclexplode(d.defaclacl) a
    WHERE a.grantee IN (SELECT oid FROM present) OR a.grantee = 0 AND d.defaclobjtype IN ('r', 'S')
  UNION ALL SELECT pg_get_userbyid(oid) || ' may create in schema public' FROM present
    WHERE has_schema_privilege(oid, 'public', 'CREATE')
  UNION ALL SELECT 'PUBLIC may create in schema public' WHERE has_schema_privilege('public', 'public', 'CREATE')
  UNION ALL SELECT 'PUBLIC may create temporary tables' WHERE has_database_privilege('public', current_database(), 'TEMP')
  UNION ALL SELECT 'publication ' || pubname || ' copies rows past row-level security' FROM pg_publication
  ORDER BY 1`;
