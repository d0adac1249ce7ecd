import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import { FOLLOWED_DAYS, HORIZONS } from '../../domain/releases/release-age.js';
import type { Evidence } from '../../domain/event-metrics.js';

/** Downloads of an episode at one evidence level. */
export interface HorizonTotals {
  episodeId: string;
  evidence: Evidence;
  /** Within the days of each of HORIZONS. */
  totals: number[];
  /** Within all days that are followed. */
  soFar: number;
}

/** Downloads of some episodes within each horizon, so far. A level without downloads has no row. */
export function horizonTotals(
  sql: Sql,
  tenantId: TenantId,
  episodeIds: readonly string[],
): Promise<HorizonTotals[]> {
  const totals = HORIZONS.map((days) => `t.days_${days}::float8`);
  return sql(
    `SELECT t.episode_id AS "episodeId", t.evidence, ARRAY[${totals.join(', ')}] AS totals,
            t.days_${FOLLOWED_DAYS}::float8 AS "soFar"
     FROM unnest($2::uuid[]) AS e (id)
     CROSS JOIN LATERAL (SELECT * FROM release_totals WHERE tenant_id = $1 AND episode_id = e.id OFFSET 0) t
     WHERE t.days_${FOLLOWED_DAYS} > 0`,
    [tenantId, episodeIds],
  );
}
