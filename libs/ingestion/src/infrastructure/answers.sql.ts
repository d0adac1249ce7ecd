import type { Sql } from '@lib/database';

/** True, from a database that answers at all. */
export async function answers(sql: Sql): Promise<boolean> {
  return (await sql('SELECT 1')).length > 0;
}
