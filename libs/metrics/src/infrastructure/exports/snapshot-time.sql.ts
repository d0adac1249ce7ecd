import type { Sql } from '@lib/database';

/** When this transaction began: what was acknowledged before is in its snapshot. To the millisecond, rounded down. */
export async function snapshotTime(sql: Sql): Promise<Date> {
  const rows = await sql<{ at: Date }>(`SELECT date_trunc('milliseconds', now()) AS at`);
  const [row] = rows;
  if (row === undefined) throw new Error('the database told no time');
  return row.at;
}
