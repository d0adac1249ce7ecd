import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { Evidence } from '../../domain/event-metrics.js';

/** Downloads of an episode by age at one evidence level. */
export interface CurveCells {
  episodeId: string;
  evidence: Evidence;
  /** Ages in days with downloads, in no order. */
  ages: number[];
  downloads: number[];
}

/** The curves of some episodes, up to an age in days, that one excluded. A level without downloads has no row. */
export function curveCells(
  sql: Sql,
  tenantId: TenantId,
  episodeIds: readonly string[],
  days: number,
): Promise<CurveCells[]> {
  return sql(
    `SELECT e.id AS "episodeId", c.evidence, array_agg(c.age_day) AS ages, array_agg(c.downloads::float8) AS downloads
     FROM unnest($2::uuid[]) AS e (id)
     CROSS JOIN LATERAL (
       SELECT evidence, age_day, downloads FROM release_curves
       WHERE tenant_id = $1 AND episode_id = e.id AND age_day < $3 OFFSET 0
     ) c
     GROUP BY 1, 2`,
    [tenantId, episodeIds, days],
  );
}
