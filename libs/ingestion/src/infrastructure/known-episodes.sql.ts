import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** Which of these episodes the tenant has. Archived ones count: their files are still asked for. */
export async function knownEpisodes(sql: Sql, tenantId: TenantId, ids: readonly string[]): Promise<string[]> {
  const rows = await sql<{ id: string }>(
    'SELECT id FROM episodes WHERE tenant_id = $1 AND id = ANY ($2::uuid[])',
    [tenantId, ids],
  );
  return rows.map((row) => row.id);
}
