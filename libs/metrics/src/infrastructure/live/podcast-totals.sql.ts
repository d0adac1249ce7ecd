import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { GrainStretch } from '../../domain/cover-with-grains.js';
import type { Evidence, Metric } from '../../domain/event-metrics.js';
import { WHOLE_NETWORK } from '../rebuild-totals.sql.js';

/** What one podcast has of one metric at one level of evidence; always above 0. */
export interface PodcastTotal {
  podcastId: string;
  metric: Metric;
  evidence: Evidence;
  value: number;
}

/** The totals of every podcast that has any in some stretches, by podcast, metric and level. Reads rollups only. */
export function podcastTotals(
  sql: Sql,
  tenantId: TenantId,
  stretches: readonly GrainStretch[],
): Promise<PodcastTotal[]> {
  return sql<PodcastTotal>(
    `SELECT rows.podcast_id AS "podcastId", rows.metric, rows.evidence, sum(rows.value)::float8 AS value
     FROM unnest($2::text[], $3::timestamptz[], $4::timestamptz[]) AS s (grain, low, high)
     CROSS JOIN LATERAL (
       SELECT m.podcast_id, m.metric, m.evidence, m.value
       FROM listener_totals m
       WHERE m.tenant_id = $1 AND m.grain = s.grain AND m.bucket >= s.low AND m.bucket < s.high
         AND m.dimension = 'none' AND m.podcast_id <> ${WHOLE_NETWORK}
       OFFSET 0
     ) rows
     GROUP BY 1, 2, 3 HAVING sum(rows.value) > 0 ORDER BY 1, 2, 3`,
    [
      tenantId,
      stretches.map(({ grain }) => grain),
      stretches.map(({ from }) => new Date(from).toISOString()),
      stretches.map(({ to }) => new Date(to).toISOString()),
    ],
  );
}
