import type { Sql } from '@lib/database';

/**
 * Runs a statement that changes rows which it found before, joining the two by hash. While a partition or chunk is too
 * new for statistics, the planner believes that both are tiny and compares each row with each: of 2,880 rows of a day 8
 * million pairs, of 50,000 more than a statement may take.
 */
export async function withoutNestedLoops<T>(sql: Sql, statement: () => Promise<T>): Promise<T> {
  await sql('SET LOCAL enable_nestloop = off');
  const result = await statement();
  await sql('SET LOCAL enable_nestloop = on');
  return result;
}
