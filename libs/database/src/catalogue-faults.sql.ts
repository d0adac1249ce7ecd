import type { Sql } from './role-pool.js';

const OWN_TENANT =
  "(tenant_id = ( SELECT (NULLIF(current_setting('app.current_tenant'::text, true), ''::text))::uuid AS \"nullif\"))";

/** Policies beside the two walls: `table policy command role`. Anything not listed here is a fault. */
const OPEN_POLICIES = [
  ...[
    'tenants',
    'tenant_settings',
    'tenant_quotas',
    'podcasts',
    'episodes',
    'listener_metrics',
    'metrics_daily',
  ].map((table) => `${table} admin_read r podcast_admin`),
  ...[
    'tenants',
    'tenant_settings',
    'raw_horizons',
    'dirty_buckets',
    'listener_events',
    'attribution_events',
    'listener_keys',
  ].map((table) => `${table} maintenance_read r podcast_maintenance`),
  ...['listener_events', 'attribution_events'].map(
    (table) => `${table} maintenance_delete d podcast_maintenance`,
  ),
  ...['podcasts', 'episodes'].map((table) => `${table} search_read r podcast_search`),
  ...['api_keys', 'tenants'].map((table) => `${table} lookup_read r podcast_lookup`),
];

/** Indexes that may start with another column: a credential is looked up before its tenant is known. */
const INDEXES_WITHOUT_TENANT = ['api_keys_key_id_key'];

/** Tables that hold no tenant's data. */
const TABLES_WITHOUT_TENANT = ['schema_info', 'schema_migrations', 'platform_keys'];

/** SECURITY DEFINER functions, with the role that must own each. */
const DOORS = [
  'resolve_api_key podcast_lookup',
  'resolve_platform_key podcast_lookup',
  'due_work podcast_maintenance',
  'search_podcasts podcast_search',
  'search_episodes podcast_search',
  'ensure_partitions podcast_owner',
  'drop_partitions_before podcast_owner',
];

/**
 * Every way in which the catalogue departs from the isolation rules of the schema; empty when none does.
 *
 * Reads `pg_catalog` only, so any login may run it. Used by the tests, by `podcast doctor` and by the migration scripts.
 */
export async function catalogueFaults(sql: Sql): Promise<string[]> {
  const rows = await sql<{ fault: string }>(CATALOGUE_FAULTS, [
    OWN_TENANT,
    OPEN_POLICIES,
    INDEXES_WITHOUT_TENANT,
    TABLES_WITHOUT_TENANT,
    DOORS,
  ]);
  return rows.map((row) => row.fault);
}

const CATALOGUE_FAULTS = `
  WITH tables AS (
    SELECT c.oid, c.relname, c.relkind, c.relispartition, c.relrowsecurity, c.relforcerowsecurity,
           pg_get_userbyid(c.relowner) AS owner, c.relacl
    FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'f')
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
  ), tenant_tables AS (
    SELECT * FROM tables WHERE relname <> ALL ($4::text[])
  ), policies AS (
    SELECT t.relname, p.polname, p.polcmd, p.polpermissive, pg_get_expr(p.polqual, p.polrelid) AS qual,
           pg_get_expr(p.polwithcheck, p.polrelid) AS with_check,
           (SELECT string_agg(CASE WHEN r = 0 THEN 'PUBLIC' ELSE pg_get_userbyid(r) END, ',') FROM unnest(p.polroles) r) AS roles
    FROM pg_policy p JOIN tables t ON t.oid = p.polrelid
  ), app_roles (role) AS (
    VALUES ('podcast_app'), ('podcast_maintenance'), ('podcast_admin'), ('podcast_search'), ('podcast_lookup'), ('podcast_queue')
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
  UNION ALL SELECT t.relname || ': a partition carries its own grants' FROM tenant_tables t, aclexplode(t.relacl) a
    WHERE t.relispartition AND pg_get_userbyid(a.grantee) <> t.owner
  UNION ALL SELECT t.relname || ': index ' || i.indexrelid::regclass || ' does not start with tenant_id'
    FROM tenant_tables t JOIN pg_index i ON i.indrelid = t.oid
    WHERE i.indkey[0] <> 1 AND i.indexrelid::regclass::text <> ALL ($3::text[])
  UNION ALL SELECT t.relname || ': index ' || i.indexrelid::regclass || ' is invalid'
    FROM tables t JOIN pg_index i ON i.indrelid = t.oid WHERE NOT i.indisvalid
  UNION ALL SELECT t.relname || ': foreign key ' || k.conname || ' does not start with tenant_id'
    FROM tenant_tables t JOIN pg_constraint k ON k.conrelid = t.oid
    WHERE k.contype = 'f' AND (k.conkey[1] <> 1 OR k.confkey[1] <> 1)
  UNION ALL SELECT relname || ': owned by ' || owner || ', not by podcast_owner' FROM tables WHERE owner <> 'podcast_owner'
  UNION ALL SELECT t.relname || ': ' || a.privilege_type || ' is granted to ' || coalesce(nullif(pg_get_userbyid(a.grantee), ''), 'PUBLIC')
    FROM tables t, aclexplode(t.relacl) a
    WHERE pg_get_userbyid(a.grantee) <> t.owner
      AND (a.grantee = 0 OR a.privilege_type IN ('TRUNCATE', 'REFERENCES', 'TRIGGER'))
  UNION ALL SELECT c.relname || ': a view that is not security_invoker' FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'v'
      AND NOT coalesce('security_invoker=true' = ANY (c.reloptions), false)
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
  UNION ALL SELECT c.relname || ': a materialized view or sequence is granted to ' || pg_get_userbyid(a.grantee)
    FROM pg_class c, aclexplode(c.relacl) a
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('m', 'S') AND a.grantee <> c.relowner
  UNION ALL SELECT f.proname || ': unlisted SECURITY DEFINER function, or owned by ' || pg_get_userbyid(f.proowner)
    FROM pg_proc f
    WHERE f.pronamespace = 'public'::regnamespace AND f.prosecdef
      AND f.proname || ' ' || pg_get_userbyid(f.proowner) <> ALL ($5::text[])
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = f.oid AND d.deptype = 'e')
  UNION ALL SELECT f.proname || ': a SECURITY DEFINER function that PUBLIC may call, or without a fixed search_path'
    FROM pg_proc f
    WHERE f.pronamespace = 'public'::regnamespace AND f.prosecdef
      AND (has_function_privilege('public', f.oid, 'EXECUTE')
           OR NOT EXISTS (SELECT FROM unnest(f.proconfig) c WHERE c LIKE 'search_path=pg_catalog%'))
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = f.oid AND d.deptype = 'e')
  UNION ALL SELECT 'set_tenant_context: missing, or not the generated one' WHERE NOT EXISTS (
    SELECT FROM pg_proc f WHERE f.pronamespace = 'public'::regnamespace AND f.proname = 'set_tenant_context'
      AND NOT f.prosecdef AND f.prosrc LIKE '%IF present IS NOT NULL AND present <> p_tenant::text THEN%')
  UNION ALL SELECT r.role || ': superuser, BYPASSRLS, CREATEROLE, CREATEDB or REPLICATION'
    FROM app_roles r JOIN pg_roles g ON g.rolname = r.role
    WHERE g.rolsuper OR g.rolbypassrls OR g.rolcreaterole OR g.rolcreatedb OR g.rolreplication
  UNION ALL SELECT r.role || ': the role is missing' FROM app_roles r
    WHERE NOT EXISTS (SELECT FROM pg_roles g WHERE g.rolname = r.role)
  UNION ALL SELECT pg_get_userbyid(m.member) || ': a member of ' || pg_get_userbyid(m.roleid)
    FROM pg_auth_members m JOIN app_roles r ON r.role = pg_get_userbyid(m.member)
  UNION ALL SELECT 'default privileges name ' || pg_get_userbyid(a.grantee)
    FROM pg_default_acl d, aclexplode(d.defaclacl) a JOIN app_roles r ON r.role = pg_get_userbyid(a.grantee)
  UNION ALL SELECT 'PUBLIC may create in schema public' WHERE has_schema_privilege('public', 'public', 'CREATE')
  UNION ALL SELECT 'PUBLIC may create temporary tables' WHERE has_database_privilege('public', current_database(), 'TEMP')
  UNION ALL SELECT 'publication ' || pubname || ' copies rows past row-level security' FROM pg_publication
  ORDER BY 1`;
