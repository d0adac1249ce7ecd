import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** The hosts that redirects may lead to, by podcast. @param podcastId only of this one */
export async function podcastHosts(
  sql: Sql,
  tenantId: TenantId,
  podcastId: string | null = null,
): Promise<Map<string, ReadonlySet<string>>> {
  const rows = await sql<{ podcastId: string; hosts: string[] }>(
    `SELECT podcast_id AS "podcastId", array_agg(host) AS hosts FROM podcast_hosts
     WHERE tenant_id = $1 AND ($2::uuid IS NULL OR podcast_id = $2) GROUP BY podcast_id`,
    [tenantId, podcastId],
  );
  return new Map(rows.map((row) => [row.podcastId, new Set(row.hosts)]));
}
