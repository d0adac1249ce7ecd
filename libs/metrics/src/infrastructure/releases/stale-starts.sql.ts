import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** SQL for the slice in which an episode `e` was published: ages are counted from its begin. */
export const START_OF_EPISODE = `date_bin('15 minutes', e.published_at, 'epoch')`;

/**
 * Episodes with downloads whose curve was built from another date of publication than they have now, or was never built.
 *
 * @param day only those with downloads on this UTC day; null for all
 */
export async function staleStarts(
  sql: Sql,
  tenantId: TenantId,
  day: Date | null,
  limit: number,
): Promise<string[]> {
  const rows = await sql<{ id: string }>(
    `SELECT e.id FROM episodes e LEFT JOIN release_starts s ON s.tenant_id = $1 AND s.episode_id = e.id
     WHERE e.tenant_id = $1 AND ${START_OF_EPISODE} IS DISTINCT FROM s.started_at
       AND (e.id IN (SELECT m.episode_id FROM listener_metrics m
                     WHERE m.tenant_id = $1 AND m.grain = 'day' AND m.dimension = 'none' AND m.bucket = $2
                       AND m.metric = 'downloads')
            OR $2::timestamptz IS NULL AND (s.started_at IS NOT NULL OR EXISTS (
              SELECT FROM listener_metrics m
              WHERE m.tenant_id = $1 AND m.episode_id = e.id AND m.grain = 'month' AND m.dimension = 'none'
                AND m.metric = 'downloads')))
     LIMIT $3`,
    [tenantId, day, limit],
  );
  return rows.map(({ id }) => id);
}
