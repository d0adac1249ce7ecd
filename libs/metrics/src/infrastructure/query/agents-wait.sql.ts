import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** Whether agents of the tenant wait to be named: until then their events have no app and no device. */
export async function agentsWait(sql: Sql, tenantId: TenantId): Promise<boolean> {
  const rows = await sql(`SELECT 1 FROM dirty_buckets WHERE tenant_id = $1 AND kind = 'agents' LIMIT 1`, [
    tenantId,
  ]);
  return rows.length > 0;
}
