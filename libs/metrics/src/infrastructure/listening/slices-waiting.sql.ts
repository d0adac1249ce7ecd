import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** Whether slices in `[from, to)` have marks that nobody has worked off: then their rollups may rightly be behind. */
export async function slicesWaiting(sql: Sql, tenantId: TenantId, from: Date, to: Date): Promise<boolean> {
  const rows = await sql(
    `SELECT 1 FROM dirty_buckets WHERE tenant_id = $1 AND kind IN ('slice', 'listening') AND bucket >= $2 AND bucket < $3 LIMIT 1`,
    [tenantId, from, to],
  );
  return rows.length > 0;
}
