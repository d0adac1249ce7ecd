import type { Sql } from '@lib/database';

/**
 * Lets each statement of the open transaction take ten minutes, whatever `STATEMENT_TIMEOUT_MS` says: for work on a whole
 * day, for which nobody waits. A day of some millions of requests takes longer than a question may.
 */
export async function allowLongStatements(sql: Sql): Promise<void> {
  await sql("SET LOCAL statement_timeout = '10min'");
}
