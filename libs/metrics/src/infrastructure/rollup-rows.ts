import type { Evidence, Metric } from '../domain/event-metrics.js';
import { WHOLE_NETWORK } from './rebuild-totals.sql.js';
import type { GrainStretch } from '../domain/cover-with-grains.js';

/** Which rollup rows a question is about. */
export interface RollupScope {
  readonly podcastId: string | null;
  readonly episodeId: string | null;
  readonly metrics: readonly Metric[];
  readonly evidence: Evidence | null;
}

/** The lateral sub-select keeps it one index range for each stretch: left to join freely, the planner may hash all rows. */
const rowsOf = (table: string, scope: string) => `
  FROM unnest($2::text[], $3::timestamptz[], $4::timestamptz[]) AS s (grain, low, high)
  CROSS JOIN LATERAL (
    SELECT m.bucket, m.metric, m.evidence, m.value
    FROM ${table} m
    WHERE m.tenant_id = $1 AND m.grain = s.grain AND m.bucket >= s.low AND m.bucket < s.high
      AND m.dimension = 'none' AND ${scope}
      AND m.metric = ANY ($7::text[]) AND ($8::text IS NULL OR m.evidence = $8)
    OFFSET 0
  ) rows`;

/**
 * SQL that reads the counts of one episode in some stretches as relation `rows (bucket, metric, evidence, value)`. Takes
 * the parameters $1 to $8 that `rollupParams` gives.
 */
export const EPISODE_ROWS = rowsOf('listener_metrics', 'm.episode_id = $6::uuid AND m.podcast_id = $5::uuid');

/** The same of an episode `e` that the statement reads beside them. */
export const ROWS_OF_EACH_EPISODE = rowsOf('listener_metrics', 'm.episode_id = e.id AND $6::uuid IS NULL');

/** The same rows added up over episodes: for scopes that are not one episode. */
export const TOTAL_ROWS = rowsOf(
  'listener_totals',
  `m.podcast_id = coalesce($5::uuid, ${WHOLE_NETWORK}) AND $6::uuid IS NULL`,
);

/** The parameters of what reads rollups. */
export function rollupParams(
  tenantId: string,
  stretches: readonly GrainStretch[],
  scope: RollupScope,
): unknown[] {
  return [
    tenantId,
    stretches.map(({ grain }) => grain),
    stretches.map(({ from }) => new Date(from).toISOString()),
    stretches.map(({ to }) => new Date(to).toISOString()),
    scope.podcastId,
    scope.episodeId,
    scope.metrics,
    scope.evidence,
  ];
}
