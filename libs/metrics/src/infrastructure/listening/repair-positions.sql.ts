import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import { addPositions } from './add-positions.js';

const FINER = { hour: 'slice', day: 'hour', month: 'day' } as const;

/**
 * Adds to the rows of one UTC hour, day or month of `listening_positions` what they lack to be the sums of the next finer
 * rows. Returns by how much they were wrong, in either direction: 0 as long as every change was added to every grain.
 *
 * @param at any instant of it
 */
export async function repairPositions(
  sql: Sql,
  tenantId: TenantId,
  grain: keyof typeof FINER,
  at: Date,
): Promise<number> {
  const rowsOf = (sign: string, grainOf: string) => `
    SELECT p.episode_id, p.kind, p.placement_id, u.bin, ${sign} u.amount AS amount
    FROM span CROSS JOIN LATERAL (
      SELECT * FROM listening_positions WHERE tenant_id = $1 AND grain = ${grainOf} AND bucket >= low AND bucket < high OFFSET 0
    ) p
    CROSS JOIN LATERAL unnest(p.bins, p.amounts) AS u (bin, amount)`;
  const rows = await sql<{ difference: string }>(
    `WITH span AS (
       SELECT date_trunc($2, $4::timestamptz, 'UTC') AS low,
              (date_trunc($2, $4::timestamptz, 'UTC') AT TIME ZONE 'UTC' + ('1 ' || $2)::interval) AT TIME ZONE 'UTC' AS high
     ), changes AS MATERIALIZED (
       SELECT $2 AS grain, low AS bucket, episode_id, kind, placement_id, bin, sum(amount) AS added
       FROM span, (${rowsOf('', '$3')} UNION ALL ${rowsOf('-', '$2')}) both_grains
       GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(amount) <> 0
     ), written AS (${addPositions('changes')}
     )
     SELECT coalesce(sum(abs(added)), 0) AS difference FROM changes`,
    [tenantId, grain, FINER[grain], at],
  );
  return Number(rows[0]?.difference ?? 0);
}
