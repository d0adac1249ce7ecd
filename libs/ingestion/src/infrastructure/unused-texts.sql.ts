import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { TextTable } from '../domain/privacy/privacy-request.js';
import type { Stretch } from './scrub-events.sql.js';

/** The column of raw events that names a text of each dictionary. */
const NAMED_BY: Readonly<Record<TextTable, string>> = {
  user_agents: 'user_agent_id',
  referrers: 'referrer_id',
  paths: 'path_id',
};

/** Which of some texts raw events in a stretch of time name. */
export async function namedTexts(
  sql: Sql,
  tenantId: TenantId,
  table: TextTable,
  { from, to }: Stretch,
  ids: readonly string[],
): Promise<string[]> {
  const column = NAMED_BY[table];
  const rows = await sql<{ id: string }>(
    `SELECT DISTINCT ${column} AS id FROM listener_events
     WHERE tenant_id = $1 AND occurred_at >= $2 AND occurred_at < $3 AND ${column} = ANY ($4::bigint[])`,
    [tenantId, from, to, ids],
  );
  return rows.map(({ id }) => id);
}

/** Locks some texts, so that a writer who wants one of them waits, and returns those that are there. */
export async function lockTexts(
  sql: Sql,
  tenantId: TenantId,
  table: TextTable,
  ids: readonly string[],
): Promise<string[]> {
  const rows = await sql<{ id: string }>(
    `SELECT id FROM ${table} WHERE tenant_id = $1 AND id = ANY ($2::bigint[]) ORDER BY id FOR UPDATE`,
    [tenantId, ids],
  );
  return rows.map(({ id }) => id);
}

export async function removeTexts(
  sql: Sql,
  tenantId: TenantId,
  table: TextTable,
  ids: readonly string[],
): Promise<void> {
  await sql(`DELETE FROM ${table} WHERE tenant_id = $1 AND id = ANY ($2::bigint[])`, [tenantId, ids]);
}
