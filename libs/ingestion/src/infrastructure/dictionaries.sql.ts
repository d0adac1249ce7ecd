import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** Writes dictionary entries that are not there yet. Ids are hashes of the text, so nothing has to be read back. */
export async function insertDictionary(
  sql: Sql,
  tenantId: TenantId,
  table: 'user_agents' | 'referrers',
  entries: readonly { id: bigint; value: string }[],
): Promise<void> {
  await sql(
    `INSERT INTO ${table} (tenant_id, id, value)
     SELECT $1, id, value FROM unnest($2::bigint[], $3::text[]) AS d (id, value) ORDER BY id
     ON CONFLICT DO NOTHING`,
    [tenantId, entries.map((entry) => entry.id), entries.map((entry) => entry.value)],
  );
}
