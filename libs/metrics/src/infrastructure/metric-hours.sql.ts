import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** Between which UTC hours, both included, a tenant has hourly rollups that are not frozen; undefined when it has none. */
export async function metricHours(
  sql: Sql,
  tenantId: TenantId,
): Promise<{ first: Date; last: Date } | undefined> {
  const rows = await sql<{ first: Date | null; last: Date | null }>(
    `SELECT greatest(min(bucket), (SELECT raw_from FROM raw_horizons WHERE tenant_id = $1)) AS first, max(bucket) AS last
     FROM listener_totals WHERE tenant_id = $1 AND grain = 'hour' AND dimension = 'none'`,
    [tenantId],
  );
  const { first = null, last = null } = rows[0] ?? {};
  return first !== null && last !== null && first <= last ? { first, last } : undefined;
}
