import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** Marks every 5-minute slice of a UTC day, to be counted and rolled up again. */
export async function markDay(sql: Sql, tenantId: TenantId, day: Date): Promise<void> {
  await sql(
    `INSERT INTO dirty_buckets (tenant_id, kind, bucket)
     SELECT $1, kind, bucket
     FROM generate_series($2::timestamptz, $2::timestamptz + interval '23 hours 55 minutes', '5 minutes') AS s (bucket)
     CROSS JOIN (VALUES ('count'), ('slice')) AS k (kind)`,
    [tenantId, day],
  );
}
