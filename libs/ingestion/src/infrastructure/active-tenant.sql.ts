import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** Whether the tenant exists and is not suspended. */
export async function isActiveTenant(sql: Sql, tenantId: TenantId): Promise<boolean> {
  const rows = await sql(`SELECT FROM tenants WHERE tenant_id = $1 AND status = 'active'`, [tenantId]);
  return rows.length === 1;
}
