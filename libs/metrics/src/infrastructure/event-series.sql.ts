import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { GrainStretch } from '../domain/cover-with-grains.js';
import type { Evidence, Metric } from '../domain/event-metrics.js';
import { EPISODE_ROWS, rollupParams, TOTAL_ROWS, type RollupScope } from './rollup-rows.js';

/** The count of one metric at one evidence level in one bucket. Buckets without events have no row. */
export interface SeriesRow {
  metric: Metric;
  evidence: Evidence;
  /** Position in `starts`. */
  bucket: number;
  value: number;
}

/**
 * Event counts by bucket. Reads rollups only.
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
): Promise<SeriesRow[]> {
  const rows = await sql<Omit<SeriesRow, 'value'> & { value: string }>(
    `SELECT metric, evidence, width_bucket(bucket, $9::timestamptz[]) - 1 AS bucket, sum(value) AS value
     ${scope.episodeId === null ? TOTAL_ROWS : EPISODE_ROWS}
     GROUP BY 1, 2, 3`,
    [...rollupParams(tenantId, stretches, scope), starts.map((start) => new Date(start).toISOString())],
  );
  return rows.map((row) => ({ ...row, value: Number(row.value) }));
}
