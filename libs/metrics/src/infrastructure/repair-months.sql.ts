import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import { addToMonth, type RollupTable } from './write-difference.js';

/**
 * Adds to the rows of a UTC month what they lack to be the sums of its days. What other transactions add meanwhile is not
 * lost: it changes days and month alike.
 *
 * @param day any day of the month
 */
export async function repairMonths(
  sql: Sql,
  tenantId: TenantId,
  table: RollupTable,
  day: Date,
): Promise<void> {
  const { name, of, carries } = table;
  const carried = carries === undefined ? '' : `, ${carries}`;
  const columns = `bucket, ${of} ${carried}`;
  await sql(
    `WITH month AS (
       SELECT date_trunc('month', $2::timestamptz, 'UTC') AS low,
              date_trunc('month', $2::timestamptz, 'UTC') + interval '1 month' AS high
     ), lacking AS (
       SELECT ${columns}, value AS added FROM ${name}, month
       WHERE tenant_id = $1 AND grain = 'day' AND dimension = 'none' AND bucket >= low AND bucket < high
       UNION ALL
       SELECT ${columns}, -value FROM ${name}, month
       WHERE tenant_id = $1 AND grain = 'month' AND dimension = 'none' AND bucket = low
     )${addToMonth(table, 'lacking')}`,
    [tenantId, day],
  );
}
