import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import { HORIZONS } from '../../domain/releases/release-age.js';
import type { Evidence } from '../../domain/event-metrics.js';

/** Downloads of an episode at one evidence level. */
export interface HorizonTotals {
  episodeId: string;
  evidence: Evidence;
  /** Within the days of each of HORIZONS. */
  totals: number[];
  /** Of all ages that were read. */
  soFar: number;
}

/**
 * Downloads of some episodes within each horizon, so far. A level without downloads has no row.
 *
 * @param ages up to which age in days each of them is read, that one excluded
 */
export async function horizonTotals(
  sql: Sql,
  tenantId: TenantId,
  episodeIds: readonly string[],
  ages: readonly number[],
): Promise<HorizonTotals[]> {
  const sums = HORIZONS.map(
    (days) => `coalesce(sum(c.downloads) FILTER (WHERE c.age_day < ${days}), 0)::float8`,
  );
  return sql(
    `SELECT e.id AS "episodeId", c.evidence, ARRAY[${sums.join(', ')}] AS totals, sum(c.downloads)::float8 AS "soFar"
     FROM unnest($2::uuid[], $3::integer[]) AS e (id, ages)
     CROSS JOIN LATERAL (
       SELECT evidence, age_day, downloads FROM release_curves
       WHERE tenant_id = $1 AND episode_id = e.id AND age_day < e.ages
       OFFSET 0
     ) c
     GROUP BY 1, 2`,
    [tenantId, episodeIds, ages],
  );
}
