import type { Sql } from '@lib/database';
import { HOUR_MS, type TenantId } from '@lib/primitives';

/**
 * Whether the slices of a UTC hour are stored by app, device and country, all of them: nothing of the hour is counted yet, or
 * some slice is. Call it under the month's lock.
 */
export async function hasSlices(sql: Sql, tenantId: TenantId, hour: Date): Promise<boolean> {
  const one = (grain: string) => `
    EXISTS (SELECT FROM dimension_counts WHERE tenant_id = $1 AND grain = '${grain}' AND bucket >= $2 AND bucket < $3)`;
  const [row] = await sql<{ stored: boolean }>(`SELECT ${one('slice')} OR NOT ${one('hour')} AS stored`, [
    tenantId,
    hour,
    new Date(hour.getTime() + HOUR_MS),
  ]);
  return row?.stored === true;
}

/**
 * Removes slices by app, device and country in `[from, to)`, which hold whole hours: from now on these are recounted as a
 * whole. Call it under the lock of the months.
 */
export async function removeSlices(sql: Sql, tenantId: TenantId, from: Date, to: Date): Promise<void> {
  await sql(
    `DELETE FROM dimension_counts WHERE tenant_id = $1 AND grain = 'slice' AND bucket >= $2 AND bucket < $3`,
    [tenantId, from, to],
  );
}
