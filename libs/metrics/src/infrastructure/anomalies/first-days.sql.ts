import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { Evidence } from '../../domain/event-metrics.js';

/** The first UTC day with downloads of each podcast and level, from `since` on. */
export function firstDays(
  sql: Sql,
  tenantId: TenantId,
  since: Date,
): Promise<{ podcastId: string; evidence: Evidence; day: Date }[]> {
  return sql(
    `SELECT p.id AS "podcastId", m.evidence, min(m.bucket) AS day
     FROM podcasts p
     CROSS JOIN LATERAL (
       SELECT evidence, bucket FROM listener_totals
       WHERE tenant_id = $1 AND podcast_id = p.id AND grain = 'day' AND metric = 'downloads' AND dimension = 'none'
         AND bucket >= $2
       OFFSET 0
     ) m
     WHERE p.tenant_id = $1
     GROUP BY 1, 2`,
    [tenantId, since],
  );
}
