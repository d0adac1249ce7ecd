import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** What happened to the feeds of some podcasts in `[from, to)`, last first. */
export function feedChanges(
  sql: Sql,
  tenantId: TenantId,
  podcastIds: readonly string[],
  from: Date,
  to: Date,
): Promise<{ podcastId: string; kind: string; happenedAt: Date }[]> {
  return sql(
    `SELECT podcast_id AS "podcastId", kind, happened_at AS "happenedAt" FROM annotations
     WHERE tenant_id = $1 AND happened_at >= $3 AND happened_at < $4 AND podcast_id = ANY ($2::uuid[])
       AND kind IN ('enclosure_changed', 'prefix_changed', 'feed_moved')
     ORDER BY happened_at DESC`,
    [tenantId, podcastIds, from, to],
  );
}
