import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/**
 * The first episode at or after an id, or the first of all, whose curve retention has left: with a random id nearly any is
 * as likely as the others. Undefined when no episode has a curve.
 *
 * @param lastStartGone the last start of the curves that are gone; null when none is
 */
export async function anyRelease(
  sql: Sql,
  tenantId: TenantId,
  id: string,
  lastStartGone: Date | null,
): Promise<string | undefined> {
  const first = (from: string) => `
    (SELECT ${from} AS turn, episode_id FROM release_starts
     WHERE tenant_id = $1 AND episode_id >= $${from}::uuid AND ($4::timestamptz IS NULL OR started_at > $4)
     ORDER BY episode_id LIMIT 1)`;
  const [row] = await sql<{ id: string }>(
    `SELECT episode_id AS id FROM (${first('2')} UNION ALL ${first('3')}) either ORDER BY turn LIMIT 1`,
    [tenantId, id, '00000000-0000-0000-0000-000000000000', lastStartGone],
  );
  return row?.id;
}
