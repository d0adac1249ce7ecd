import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/**
 * How many podcasts the tenant may have that are not archived; null for any number. Where there is a bound, others who
 * ask wait until this transaction ends: two at once would otherwise both take the last place.
 */
export async function lockPodcastQuota(sql: Sql, tenantId: TenantId): Promise<number | null> {
  const [row] = await sql<{ max: number }>(
    `SELECT max_podcasts AS max FROM tenant_quotas WHERE tenant_id = $1 AND max_podcasts IS NOT NULL
     FOR NO KEY UPDATE`,
    [tenantId],
  );
  return row?.max ?? null;
}

/** How many podcasts of the tenant are not archived. */
export async function countPodcasts(sql: Sql, tenantId: TenantId): Promise<number> {
  const [row] = await sql<{ podcasts: number }>(
    'SELECT count(*)::integer AS podcasts FROM podcasts WHERE tenant_id = $1 AND archived_at IS NULL',
    [tenantId],
  );
  return row?.podcasts ?? 0;
}
