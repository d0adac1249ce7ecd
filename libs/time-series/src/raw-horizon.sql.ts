import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** Where the tenant's raw events begin, or null when none were removed. */
export async function rawHorizon(sql: Sql, tenantId: TenantId): Promise<Date | null> {
  const rows = await sql<{ rawFrom: Date }>(
    `SELECT raw_from AS "rawFrom" FROM raw_horizons WHERE tenant_id = $1`,
    [tenantId],
  );
  return rows[0]?.rawFrom ?? null;
}
