import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import { COUNTS, type SummedMetrics } from './summed-metrics.js';
import { LISTENER_TOTALS, writeDifference } from './write-difference.js';

/** The podcast of rows that are about the whole network. */
export const WHOLE_NETWORK = "'00000000-0000-0000-0000-000000000000'::uuid";

/**
 * SQL that sums rows by episode to rows by podcast and, once more, to rows of the whole network.
 *
 * @param rows a relation with the columns of `listener_metrics`
 */
export function sumsOverEpisodes(rows: string): string {
  const rest = 'bucket, metric, dimension, dimension_value, evidence, rule_set_id';
  return `SELECT ${rest}, coalesce(podcast_id, ${WHOLE_NETWORK}) AS podcast_id, sum(value)::bigint AS value
          FROM ${rows} GROUP BY GROUPING SETS ((podcast_id, ${rest}), (${rest}))`;
}

/**
 * Makes the totals of buckets of one grain the sums of their rows by episode. Totals that are right are not written.
 *
 * @param buckets starts of the buckets
 * @param of which metrics
 */
export async function rebuildTotals(
  sql: Sql,
  tenantId: TenantId,
  grain: 'slice' | 'hour' | 'day',
  buckets: readonly Date[],
  of: SummedMetrics = COUNTS,
): Promise<void> {
  const rowsOf = (table: string) => `
    SELECT m.* FROM unnest($3::timestamptz[]) AS t (bucket)
    CROSS JOIN LATERAL (
      SELECT * FROM ${table}
      WHERE tenant_id = $1 AND grain = $2 AND dimension = 'none' AND bucket = t.bucket AND ${of} OFFSET 0
    ) m`;
  await sql(
    `WITH by_episode AS (${rowsOf('listener_metrics')}
     ), fresh AS MATERIALIZED (${sumsOverEpisodes('by_episode')}
     ), stored AS MATERIALIZED (${rowsOf('listener_totals')}
     ), ${writeDifference(LISTENER_TOTALS)}`,
    [tenantId, grain, buckets],
  );
}
