import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import { addPositions } from '../listening/add-positions.js';
import { LISTENER_METRICS, LISTENER_TOTALS, type RollupTable } from '../write-difference.js';

/**
 * Makes the slices of `[from, to)` 15 minutes wide: those that begin within a quarter of an hour are added to the one with
 * which it begins. Call it under the day's lock, in the transaction that says that the day's slices are wide.
 *
 * @returns how many rows by episode it saved
 */
export async function widenSlices(sql: Sql, tenantId: TenantId, from: Date, to: Date): Promise<number> {
  const saved = await widen(sql, tenantId, LISTENER_METRICS, from, to);
  await widen(sql, tenantId, LISTENER_TOTALS, from, to);
  await widenPositions(sql, tenantId, from, to);
  return saved;
}

async function widenPositions(sql: Sql, tenantId: TenantId, from: Date, to: Date): Promise<void> {
  await sql(
    `WITH narrow AS (
       DELETE FROM listening_positions
       WHERE tenant_id = $1 AND grain = 'slice' AND bucket >= $2 AND bucket < $3
         AND bucket <> date_bin('15 minutes', bucket, 'epoch')
       RETURNING date_bin('15 minutes', bucket, 'epoch') AS bucket, episode_id, kind, placement_id, bins, amounts
     ), changes AS (
       SELECT 'slice' AS grain, bucket, episode_id, kind, placement_id, u.bin, sum(u.amount) AS added
       FROM narrow CROSS JOIN LATERAL unnest(bins, amounts) AS u (bin, amount)
       GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(u.amount) <> 0
     )${addPositions('changes')}`,
    [tenantId, from, to],
  );
}

async function widen(
  sql: Sql,
  tenantId: TenantId,
  { name, of, carries }: RollupTable,
  from: Date,
  to: Date,
): Promise<number> {
  const carried = (column: string) => (carries === undefined ? '' : `, ${column}`);
  const [row] = await sql<{ saved: number }>(
    `WITH groups AS MATERIALIZED (
       SELECT count(*) AS stored FROM ${name}
       WHERE tenant_id = $1 AND grain = 'slice' AND dimension = 'none' AND bucket >= $2 AND bucket < $3
       GROUP BY date_bin('15 minutes', bucket, 'epoch'), ${of}
     ), narrow AS (
       DELETE FROM ${name}
       WHERE tenant_id = $1 AND grain = 'slice' AND dimension = 'none' AND bucket >= $2 AND bucket < $3
         AND bucket <> date_bin('15 minutes', bucket, 'epoch')
       RETURNING bucket, ${of}, value ${carried(carries ?? '')}
     ), widened AS (
       INSERT INTO ${name} (tenant_id, grain, bucket, ${of}, value ${carried(carries ?? '')})
       SELECT $1, 'slice', date_bin('15 minutes', bucket, 'epoch'), ${of}, sum(value)::bigint
              ${carried(`max(${carries}::text)::uuid`)}
       FROM narrow GROUP BY 3, ${of}
       ON CONFLICT (tenant_id, grain, bucket, ${of}) DO UPDATE SET value = ${name}.value + EXCLUDED.value
     )
     SELECT coalesce(sum(stored - 1), 0)::integer AS saved FROM groups`,
    [tenantId, from, to],
  );
  return row?.saved ?? 0;
}
