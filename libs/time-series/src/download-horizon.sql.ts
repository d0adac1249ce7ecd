import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** From when on the tenant's downloads are kept one by one, or null when none were removed. Rollups count them before. */
export async function downloadHorizon(sql: Sql, tenantId: TenantId): Promise<Date | null> {
  const rows = await sql<{ downloadsFrom: Date | null }>(
    `SELECT downloads_from AS "downloadsFrom" FROM retention_horizons WHERE tenant_id = $1`,
    [tenantId],
  );
  return rows[0]?.downloadsFrom ?? null;
}
