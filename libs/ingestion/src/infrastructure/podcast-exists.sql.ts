import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** Whether the tenant has a podcast, archived ones included. */
export async function podcastExists(sql: Sql, tenantId: TenantId, podcastId: string): Promise<boolean> {
  const rows = await sql(`SELECT 1 FROM podcasts WHERE tenant_id = $1 AND id = $2`, [tenantId, podcastId]);
  return rows.length > 0;
}
