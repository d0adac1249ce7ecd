import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** Writes dictionary entries that are not there yet. Ids are hashes of the text, so nothing has to be read back. */
export async function insertDictionary(
  sql: Sql,
  tenantId: TenantId,
  table: 'user_agents' | 'referrers' | 'paths',
  entries: readonly { id: bigint; value: string }[],
): Promise<void> {
  await sql(
    `INSERT INTO ${table} (tenant_id, id, value)
     SELECT $1, id, value FROM unnest($2::bigint[], $3::text[]) AS d (id, value) ORDER BY id
     ON CONFLICT DO NOTHING`,
    [tenantId, entries.map((entry) => entry.id), entries.map((entry) => entry.value)],
  );
}

/** The texts of some user agents, by id. */
export async function userAgentTexts(
  sql: Sql,
  tenantId: TenantId,
  ids: readonly string[],
): Promise<Map<string, string>> {
  const rows = await sql<{ id: string; value: string }>(
    `SELECT id, value FROM user_agents WHERE tenant_id = $1 AND id = ANY ($2::bigint[])`,
    [tenantId, ids],
  );
  return new Map(rows.map(({ id, value }) => [id, value]));
}
