import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** Whether requests of these UTC days, both included, wait to be counted. */
export async function hasUncountedRequests(
  sql: Sql,
  tenantId: TenantId,
  firstDay: string,
  lastDay: string,
): Promise<boolean> {
  const rows = await sql(
    `SELECT FROM dirty_buckets
     WHERE tenant_id = $1 AND kind = 'count' AND bucket >= ($2::date::timestamp AT TIME ZONE 'UTC')
       AND bucket < (($3::date + 1)::timestamp AT TIME ZONE 'UTC') LIMIT 1`,
    [tenantId, firstDay, lastDay],
  );
  return rows.length > 0;
}
