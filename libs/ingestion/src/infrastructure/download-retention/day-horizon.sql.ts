import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** From when on the tenant's downloads are known by UTC day, one by one or counted; null when nothing was removed. */
export async function dayHorizon(sql: Sql, tenantId: TenantId): Promise<Date | null> {
  const rows = await sql<{ daysFrom: Date | null }>(
    `SELECT days_from AS "daysFrom" FROM retention_horizons WHERE tenant_id = $1`,
    [tenantId],
  );
  return rows[0]?.daysFrom ?? null;
}
