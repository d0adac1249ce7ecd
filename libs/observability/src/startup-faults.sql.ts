import { pendingDeltas, roleFaults, type Sql } from '@lib/database';

/**
 * Why a process may not serve on this database; empty when it may.
 *
 * Judged on the connection that the application uses, since roles and databases may override settings: the role is
 * walled in, the schema is at the version of this program, a tenant table shows nothing without a tenant, and a commit
 * survives a crash.
 *
 * @param wantedEngine the engine that the environment asks for, if it does
 */
export async function startupFaults(sql: Sql, wantedEngine?: string): Promise<string[]> {
  const faults = await roleFaults(sql);
  if (faults.length > 0) return faults;
  return [
    ...(await durabilityFaults(sql)),
    ...(await schemaFaults(sql)),
    ...(await engineFaults(sql, wantedEngine)),
    ...(await isolationFaults(sql)),
  ];
}

/** Settings under which an acknowledged commit could be lost. */
export async function durabilityFaults(sql: Sql): Promise<string[]> {
  const rows = await sql<{ name: string; setting: string }>(
    `SELECT name, current_setting(name) AS setting FROM unnest(ARRAY['fsync', 'full_page_writes', 'synchronous_commit']) AS name
     WHERE current_setting(name) = 'off'`,
  );
  return rows.map(
    ({ name, setting }) => `${name} is ${setting}: an acknowledged event could be lost in a crash`,
  );
}

/** The recorded engine of the schema. @throws where the schema is missing. */
export async function schemaEngine(sql: Sql): Promise<string> {
  const [row] = await sql<{ engine: string }>('SELECT engine FROM schema_info');
  return row?.engine ?? 'none';
}

async function engineFaults(sql: Sql, wanted: string | undefined): Promise<string[]> {
  const engine = await schemaEngine(sql);
  return wanted === undefined || wanted === engine
    ? []
    : [`TIME_SERIES_ENGINE is ${wanted}, but the database was migrated for ${engine}`];
}

async function schemaFaults(sql: Sql): Promise<string[]> {
  const query = { query: async (text: string) => ({ rows: await sql(text) }) };
  const pending = await pendingDeltas(query as never);
  return pending.map((name) => `migration ${name} has not been applied: run podcast migrate`);
}

async function isolationFaults(sql: Sql): Promise<string[]> {
  const rows = await sql('SELECT FROM tenants LIMIT 1');
  return rows.length === 0 ? [] : ['a tenant table can be read without a tenant'];
}
