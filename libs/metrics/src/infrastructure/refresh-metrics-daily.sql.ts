import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** Rebuilds `metrics_daily` for one UTC day (`YYYY-MM-DD`) and returns how many rows it has now. */
export async function refreshMetricsDaily(sql: Sql, tenantId: TenantId, day: string): Promise<number> {
  const rows = await sql<{ rows: number }>(`SELECT refresh_metrics_daily($1, $2::date, $2::date) AS rows`, [
    tenantId,
    day,
  ]);
  return rows[0]?.rows ?? 0;
}
