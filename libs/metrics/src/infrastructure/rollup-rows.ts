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
const rowsOf = (table: string, scope: string, stretches = 'true') => `
  FROM unnest($2::text[], $3::timestamptz[], $4::timestamptz[]) AS s (grain, low, high)
  CROSS JOIN LATERAL (
    SELECT m.*
    FROM ${table} m
    WHERE m.tenant_id = $1 AND m.grain = s.grain AND m.bucket >= s.low AND m.bucket < s.high
      AND m.dimension = 'none' AND ${scope}
      AND m.metric = ANY ($7::text[]) AND ($8::text IS NULL OR m.evidence = $8)
    OFFSET 0
  ) rows
  WHERE ${stretches}`;

/** Rows of these are few, and lie together in an index of their own, `listener_metrics_coarse`. */
const COARSE = "('day', 'month')";

/**
 * SQL that reads the counts of one episode in some stretches as relation `rows`, with the table's columns. Takes the
 * parameters $1 to $8 that `rollupParams` gives.
 */
export const EPISODE_ROWS = rowsOf('listener_metrics', 'm.episode_id = $6::uuid AND m.podcast_id = $5::uuid');

/** Rows by episode of the whole network, as far as the stretches are coarse; none where a podcast is asked for. */
export const COARSE_NETWORK_ROWS = rowsOf(
  'listener_metrics',
  `m.grain IN ${COARSE} AND $6::uuid IS NULL`,
  `s.grain IN ${COARSE} AND $5::uuid IS NULL`,
);

/** What `COARSE_NETWORK_ROWS` leaves out, of an episode `e` that the statement reads beside them. */
export const REST_OF_EACH_EPISODE = rowsOf(
  'listener_metrics',
  'm.episode_id = e.id AND $6::uuid IS NULL',
  `s.grain NOT IN ${COARSE} OR $5::uuid IS NOT NULL`,
);

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
