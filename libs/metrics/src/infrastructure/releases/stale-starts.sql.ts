import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/**
 * SQL for the quarter of an hour in which an episode `e` was published: ages are counted from its begin. Slices of old days
 * are that wide, so that no day of age begins within a slice.
 */
export const START_OF_EPISODE = `date_bin('15 minutes', e.published_at, 'epoch')`;

/**
 * Episodes with downloads whose curve was built from another date of publication than they have now, or was never built. A
 * curve whose rollups retention has taken in part stays as it is, since nobody can build it again.
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
     CROSS JOIN LATERAL (
       SELECT (SELECT slices_from FROM retention_horizons WHERE tenant_id = $1) AS since OFFSET 0
     ) kept
     WHERE e.tenant_id = $1 AND ${START_OF_EPISODE} IS DISTINCT FROM s.started_at
       AND (e.published_at IS NULL OR kept.since IS NULL OR least(s.started_at, ${START_OF_EPISODE}) >= kept.since
            OR s.started_at IS NULL AND NOT EXISTS (
              SELECT FROM listener_metrics m
              WHERE m.tenant_id = $1 AND m.episode_id = e.id AND m.grain = 'month' AND m.metric = 'downloads'
                AND m.bucket < kept.since))
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
