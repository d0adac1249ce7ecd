import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { GrainStretch } from '../domain/cover-with-grains.js';
import type { Evidence, Metric } from '../domain/event-metrics.js';
import { EPISODE_ROWS, rollupParams, TOTAL_ROWS, type RollupScope } from './rollup-rows.js';

/** The counts of one metric at one evidence level. */
export interface MetricSeries {
  metric: Metric;
  evidence: Evidence;
  /** One for each of the buckets that were asked for. */
  values: number[];
}

/**
 * Event counts by bucket, for every metric and level that has any. Reads rollups only. One row for each series: a row for
 * each number takes longer to send and read than to sum.
 *
 * @param starts ascending starts of the buckets, in UTC milliseconds
 * @param stretches rollup rows that cover the buckets: see `coverWithGrains`
 */
export async function eventSeries(
  sql: Sql,
  tenantId: TenantId,
  starts: readonly number[],
  stretches: readonly GrainStretch[],
  scope: RollupScope,
): Promise<MetricSeries[]> {
  const rows = await sql<Omit<MetricSeries, 'values'> & { counts: Record<string, number> }>(
    `SELECT metric, evidence, json_object_agg(bucket, value) AS counts
     FROM (
       SELECT rows.metric, rows.evidence, width_bucket(rows.bucket, $9::timestamptz[]) - 1 AS bucket, sum(rows.value) AS value
       ${scope.episodeId === null ? TOTAL_ROWS : EPISODE_ROWS}
       GROUP BY 1, 2, 3
     ) counted
     GROUP BY 1, 2`,
    [...rollupParams(tenantId, stretches, scope), starts.map((start) => new Date(start).toISOString())],
  );
  return rows.map(({ counts, ...level }) => ({
    ...level,
    values: starts.map((_, bucket) => counts[bucket] ?? 0),
  }));
}

/** The counts of a metric at a level of evidence among `series`; undefined where there are none. */
export function valuesOf(
  series: readonly MetricSeries[],
  { metric, evidence }: Pick<MetricSeries, 'metric' | 'evidence'>,
): readonly number[] | undefined {
  return series.find((one) => one.metric === metric && one.evidence === evidence)?.values;
}
