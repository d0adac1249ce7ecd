import { canaryRows, canaryTenant, type CanaryTenant } from '@lib/testing';
import pg from 'pg';

/** Who sends a statement, and what `app.current_tenant` holds for it; null leaves the setting alone. */
export interface Caller {
  role: string;
  setting: string | null;
}

/** What a statement came to. `code` is its SQLSTATE, null when it succeeded. */
export interface Outcome {
  code: string | null;
  affected: number;
  rows: Record<string, unknown>[];
  error: pg.DatabaseError | null;
}

/** `podcast_app` acting for a tenant. */
export const asApp = ({ tenantId }: Pick<CanaryTenant, 'tenantId'>): Caller => ({
  role: 'podcast_app',
  setting: tenantId,
});

/** Runs one statement as the caller inside the client's open transaction, and undoes it. */
export async function attempt(client: pg.ClientBase, caller: Caller, text: string): Promise<Outcome> {
  try {
    // One round trip; the statement's answer is the last.
    const answers = (await client.query(
      `SAVEPOINT attempt; SET LOCAL ROLE ${caller.role}; ${contextOf(caller.setting)}; ${text}`,
    )) as unknown as pg.QueryResult<Record<string, unknown>>[];
    const { rows = [], rowCount = 0 } = answers.at(-1) ?? {};
    return { code: null, affected: rowCount ?? 0, rows, error: null };
  } catch (failure) {
    const error = failure as pg.DatabaseError;
    return { code: error.code ?? String(error), affected: 0, rows: [], error };
  } finally {
    await client.query('ROLLBACK TO SAVEPOINT attempt; RELEASE SAVEPOINT attempt');
  }
}

function contextOf(setting: string | null): string {
  if (setting === null) return 'SELECT';
  return /^[0-9a-f-]{36}$/.test(setting)
    ? `SELECT public.set_tenant_context('${setting}')`
    : `SELECT set_config('app.current_tenant', ${quote(setting)}, true)`;
}

/** An SQL literal. */
export const quote = (value: string): string => pg.escapeLiteral(value);

/** True where the rows show anything that only the tenant has. */
export function shows(rows: unknown, tenant: CanaryTenant): boolean {
  const text = JSON.stringify(rows);
  return [tenant.canary, tenant.tenantId, tenant.podcastId, tenant.eventId].some((mark) =>
    text.includes(mark),
  );
}

type Reader = Pick<pg.ClientBase, 'query'>;

/**
 * Every table with a tenant, partitions left out, in the catalogue's order. Views that are the wall of a hypertable and
 * take its rows are among them: to the application they are tables.
 */
export async function tenantTables(client: Reader): Promise<string[]> {
  return [...(await policedTables(client)), ...(await barrierViews(client))].sort();
}

/** Tables with a tenant that row-level security guards. */
export function policedTables(client: Reader): Promise<string[]> {
  return relations(client, `c.relkind IN ('r', 'p') AND NOT c.relispartition`);
}

/** Views that guard a hypertable and take its rows. */
export function barrierViews(client: Reader): Promise<string[]> {
  return relations(
    client,
    `c.relkind = 'v' AND EXISTS (SELECT FROM pg_class t WHERE t.relname = c.relname
    AND t.relkind = 'r' AND t.relnamespace = to_regnamespace('ts'))`,
  );
}

async function relations(client: Reader, condition: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_class c
     WHERE c.relnamespace = 'public'::regnamespace AND ${condition}
       AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id')
     ORDER BY c.relname COLLATE "C"`,
  );
  return rows.map((row) => row.name);
}

/** A row for another tenant is refused: by a policy, or by a view's CHECK OPTION. */
const REFUSED = ['42501', '44000'];

/** Settings that name no tenant, and what a statement must come to under each. */
const NOBODY = [
  { setting: null, reads: ['0 rows'], writes: ['0 rows', '42501'], inserts: REFUSED },
  { setting: '', reads: ['0 rows'], writes: ['0 rows', '42501'], inserts: REFUSED },
  { setting: 'x', reads: ['22P02'], writes: ['22P02', '42501'], inserts: ['22P02', '42501'] },
];

/**
 * Attacks one table as tenant `a`, as nobody and as the table's owner, with every verb; both tenants must have rows in
 * it. Returns what should not have happened. The client's transaction is left as it was.
 */
export async function isolationFaults(
  client: pg.ClientBase,
  table: string,
  a: CanaryTenant,
  b: CanaryTenant,
): Promise<string[]> {
  const faults: string[] = [];
  const expectOutcome = async (caller: Caller, allowed: readonly string[], text: string) => {
    const { code, affected } = await attempt(client, caller, text);
    const outcome = code ?? `${affected} rows`;
    const who = `${caller.role} with context ${caller.setting ?? 'unset'}`;
    if (!allowed.includes(outcome)) faults.push(`${table}: ${text} as ${who}: ${outcome}`);
  };
  const ownOnly = async (text: string) => {
    const { code, rows } = await attempt(client, asApp(a), text);
    if (shows(rows, b)) faults.push(`${table}: ${text} shows another tenant`);
    if (code === null && !shows(rows, a))
      faults.push(`${table}: ${text} does not show the tenant's own rows`);
    if (code !== null && text.startsWith('SELECT')) faults.push(`${table}: ${text} fails with ${code}`);
  };
  const insert = (as: Caller, tenantId: string, allowed: readonly string[]) =>
    expectOutcome(as, allowed, insertion(table, { ...canaryTenant(), tenantId }));

  await ownOnly(`SELECT * FROM ${table}`);
  await ownOnly(`UPDATE ${table} SET tenant_id = tenant_id RETURNING *`);
  await ownOnly(`DELETE FROM ${table} RETURNING *`);
  const app = asApp(a);
  const foreign = `WHERE tenant_id = '${b.tenantId}'`;
  await expectOutcome(app, ['0 rows'], `SELECT * FROM ${table} ${foreign}`);
  for (const statement of [
    `SELECT * FROM ${table} ${foreign} FOR UPDATE`,
    `UPDATE ${table} SET tenant_id = '${a.tenantId}' ${foreign}`,
    `DELETE FROM ${table} ${foreign}`,
  ])
    await expectOutcome(app, ['0 rows', '42501'], statement);
  await expectOutcome(app, REFUSED, `UPDATE ${table} SET tenant_id = '${b.tenantId}'`);
  await expectOutcome(app, ['42501', '42809'], `TRUNCATE ${table} CASCADE`); // the latter of a view
  await insert(app, b.tenantId, REFUSED);
  await insert(app, a.tenantId, ['1 rows', '23505', '23503']);

  for (const { setting, reads, writes, inserts } of NOBODY) {
    const nobody = { role: 'podcast_app', setting };
    await expectOutcome(nobody, reads, `SELECT * FROM ${table}`);
    await expectOutcome(nobody, writes, `UPDATE ${table} SET tenant_id = tenant_id`);
    await expectOutcome(nobody, writes, `DELETE FROM ${table}`);
    await insert(nobody, a.tenantId, inserts);
  }
  const owner = { role: 'podcast_owner', setting: a.tenantId };
  // The owner stands behind a view, as behind any other: what it reads through it is the context's.
  const own = (await barrierViews(client)).includes(table) ? [`${canaryRows(a)[table]?.length} rows`] : [];
  await expectOutcome(owner, ['0 rows', '42501', ...own], `SELECT * FROM public.${table}`);
  return faults;
}

/**
 * The same attacks on a table while one policy is gone or a careless one is there: each of the two must hold alone.
 * The client must be a superuser's.
 */
export async function singlePolicyFaults(
  client: pg.ClientBase,
  table: string,
  a: CanaryTenant,
  b: CanaryTenant,
): Promise<string[]> {
  const faults: string[] = [];
  for (const weakening of [
    `DROP POLICY IF EXISTS tenant_wall ON ${table}`,
    `CREATE POLICY weakening ON ${table} TO podcast_app USING (true) WITH CHECK (true)`,
  ]) {
    await client.query(`SAVEPOINT weakening; ${weakening}`);
    const found = await isolationFaults(client, table, a, b);
    faults.push(...found.map((fault) => `${fault} [after ${weakening}]`));
    await client.query('ROLLBACK TO SAVEPOINT weakening; RELEASE SAVEPOINT weakening');
  }
  return faults;
}

/** An INSERT of the tenant's first canary row into the table. */
export function insertion(table: string, tenant: CanaryTenant): string {
  const row = canaryRows(tenant)[table]?.[0] ?? { tenant_id: tenant.tenantId };
  return insertRow(table, row);
}

/** An INSERT of one row. Arrays must be of text. */
export function insertRow(table: string, row: Record<string, unknown>): string {
  const values = Object.values(row).map((value) =>
    Array.isArray(value) ? `ARRAY[${value.map(String).map(quote).join(', ')}]` : quote(String(value)),
  );
  return `INSERT INTO ${table} (${Object.keys(row).join(', ')}) VALUES (${values.join(', ')})`;
}
