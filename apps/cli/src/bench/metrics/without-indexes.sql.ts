import type { LoginSession } from '../../connect-as-login.js';

/**
 * Does `work` while some tables have no index but that of their primary key, and makes the others anew: rows in bulk cost
 * several times as much with them. Nobody else may use the tables meanwhile.
 */
export async function withoutIndexes(
  { sql }: LoginSession,
  tables: readonly string[],
  work: () => Promise<void>,
): Promise<void> {
  const indexes = await sql<{ name: string; definition: string }>(
    `SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition FROM pg_index
     WHERE indrelid = ANY ($1::regclass[]) AND NOT indisprimary AND NOT indisunique`,
    [tables],
  );
  for (const { name } of indexes) await sql(`DROP INDEX ${name}`);
  await work();
  for (const { definition } of indexes) await sql(definition);
}
