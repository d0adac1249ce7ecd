import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** How many findings of invalid traffic on some UTC days, both included, are in which state of their review. */
export async function trafficReviews(
  sql: Sql,
  tenantId: TenantId,
  firstDay: string,
  lastDay: string,
): Promise<{ open: number; confirmed: number; dismissed: number }> {
  const rows = await sql<{ open: number; confirmed: number; dismissed: number }>(
    `SELECT (count(*) FILTER (WHERE state = 'open'))::integer AS open,
            (count(*) FILTER (WHERE state = 'confirmed'))::integer AS confirmed,
            (count(*) FILTER (WHERE state = 'dismissed'))::integer AS dismissed
     FROM quarantines WHERE tenant_id = $1 AND day BETWEEN $2 AND $3`,
    [tenantId, firstDay, lastDay],
  );
  return rows[0] ?? { open: 0, confirmed: 0, dismissed: 0 };
}
