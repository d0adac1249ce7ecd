import type { Sql } from './role-pool.js';

/**
 * Why the role in force must not serve tenants; empty when it may.
 *
 * Run it as the first statement after the role is assumed. Judges the effective role: superuser, BYPASSRLS and ownership
 * count for that role only, and a table is safe only while row-level security is active for it.
 */
export async function roleFaults(sql: Sql): Promise<string[]> {
  const rows = await sql<{ fault: string }>(`
    WITH me AS (
      SELECT oid, rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication AS powerful
      FROM pg_roles WHERE rolname = current_user
    ), rel AS (
      SELECT c.oid, c.relowner
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p', 'm', 'f') AND n.nspname !~ '^(pg_|information_schema)'
        AND EXISTS (SELECT FROM pg_attribute a
                    WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped)
    )
    SELECT current_user || ' is superuser, bypasses row-level security or creates roles or databases' AS fault FROM me WHERE powerful
    UNION ALL SELECT current_user || ' is a member of ' || r.rolname FROM pg_roles r, me
      WHERE r.oid <> me.oid AND pg_has_role(me.oid, r.oid, 'MEMBER')
    UNION ALL SELECT current_user || ' owns ' || rel.oid::regclass FROM rel, me WHERE rel.relowner = me.oid
    UNION ALL SELECT 'row-level security is not active on ' || oid::regclass FROM rel
      WHERE (has_table_privilege(oid, 'SELECT,INSERT,UPDATE,DELETE') OR has_any_column_privilege(oid, 'SELECT,INSERT,UPDATE'))
        AND NOT row_security_active(oid)
    UNION ALL SELECT c.oid::regclass || ' shows the rows of every tenant' FROM pg_class c
      WHERE c.relkind = 'v' AND has_any_column_privilege(c.oid, 'SELECT,INSERT,UPDATE')
        AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id')
        AND NOT coalesce(c.reloptions && ARRAY['security_invoker=true', 'security_barrier=true'], false)
    UNION ALL SELECT current_user || ' may TRUNCATE, REFERENCE or TRIGGER ' || oid::regclass FROM rel
      WHERE has_table_privilege(oid, 'TRUNCATE,REFERENCES,TRIGGER')
    UNION ALL SELECT current_user || ' may create in schema ' || nspname FROM pg_namespace
      WHERE nspname !~ '^pg_' AND has_schema_privilege(oid, 'CREATE')
    UNION ALL SELECT current_user || ' may create temporary tables' WHERE has_database_privilege(current_database(), 'TEMP')
    UNION ALL SELECT 'tenant tables are missing: the schema has not been migrated' WHERE NOT EXISTS (SELECT FROM rel)`);
  return rows.map((row) => row.fault);
}
