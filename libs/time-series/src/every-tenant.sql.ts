import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** Every tenant, for work that is done for each in turn. Runs as `podcast_maintenance`. */
export async function everyTenant(sql: Sql): Promise<TenantId[]> {
  const rows = await sql<{ tenantId: TenantId }>(
    'SELECT tenant_id AS "tenantId" FROM tenants ORDER BY tenant_id',
  );
  return rows.map(({ tenantId }) => tenantId);
}
