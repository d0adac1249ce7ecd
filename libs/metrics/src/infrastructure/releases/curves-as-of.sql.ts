import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** When the oldest news was marked that release curves have not followed yet; null when they have followed all. */
export async function curvesWaitSince(sql: Sql, tenantId: TenantId): Promise<Date | null> {
  const rows = await sql<{ since: Date | null }>(
    `SELECT date_trunc('milliseconds', min(marked_at)) AS since FROM dirty_buckets
     WHERE tenant_id = $1 AND kind IN ('release', 'publication')`,
    [tenantId],
  );
  return rows[0]?.since ?? null;
}
