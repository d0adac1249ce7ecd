import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** How many episodes of some podcasts were published on each of some UTC days or the day before. */
export function publishedAround(
  sql: Sql,
  tenantId: TenantId,
  podcastIds: readonly string[],
  days: readonly Date[],
): Promise<{ podcastId: string; day: Date; episodes: number }[]> {
  return sql(
    `SELECT p.id AS "podcastId", d.day, e.episodes
     FROM unnest($2::uuid[]) AS p (id) CROSS JOIN unnest($3::timestamptz[]) AS d (day)
     CROSS JOIN LATERAL (
       SELECT count(*)::integer AS episodes FROM episodes
       WHERE tenant_id = $1 AND podcast_id = p.id AND published_at >= d.day - interval '24 hours'
         AND published_at < d.day + interval '24 hours'
     ) e`,
    [tenantId, podcastIds, days],
  );
}
