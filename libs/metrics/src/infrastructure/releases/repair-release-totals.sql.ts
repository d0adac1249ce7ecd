import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import { FOLLOWED_DAYS, HORIZONS } from '../../domain/releases/release-age.js';

const SUMS = [...HORIZONS, FOLLOWED_DAYS].map((days) => ({
  column: `days_${days}`,
  sum: `coalesce(sum(downloads) FILTER (WHERE age_day < ${days}), 0)::bigint`,
}));
const COLUMNS = SUMS.map(({ column }) => column).join(', ');

/**
 * Makes the totals of an episode say what its curve says. Call it under the tenant's lock of stage `release`, and only
 * while the whole curve is there.
 *
 * @returns by how many downloads they were wrong, all horizons together; 0 as it must be
 */
export async function repairReleaseTotals(sql: Sql, tenantId: TenantId, episodeId: string): Promise<number> {
  const difference = SUMS.map(({ column }) => `abs(coalesce(f.${column}, 0) - coalesce(t.${column}, 0))`);
  const [row] = await sql<{ difference: string }>(
    `WITH fresh AS MATERIALIZED (
       SELECT evidence, ${SUMS.map(({ column, sum }) => `${sum} AS ${column}`).join(', ')}
       FROM release_curves WHERE tenant_id = $1 AND episode_id = $2 GROUP BY evidence
     ), stored AS MATERIALIZED (
       SELECT evidence, ${COLUMNS} FROM release_totals WHERE tenant_id = $1 AND episode_id = $2
     ), differences AS MATERIALIZED (
       SELECT evidence, ${SUMS.map(({ column }) => `coalesce(f.${column}, 0) AS ${column}`).join(', ')},
              ${difference.join(' + ')} AS difference
       FROM fresh f FULL JOIN stored t USING (evidence)
     ), written AS (
       INSERT INTO release_totals AS t (tenant_id, episode_id, evidence, ${COLUMNS})
       SELECT $1, $2, evidence, ${COLUMNS} FROM differences WHERE difference > 0
       ON CONFLICT (tenant_id, episode_id, evidence) DO UPDATE
         SET ${SUMS.map(({ column }) => `${column} = EXCLUDED.${column}`).join(', ')}
     )
     SELECT coalesce(sum(difference), 0) AS difference FROM differences`,
    [tenantId, episodeId],
  );
  return Number(row?.difference ?? 0);
}
