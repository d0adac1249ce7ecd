import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/**
 * The episodes of whose files something else became known between two instants, both included, in either order. Episodes
 * that were new then are not among them.
 */
export async function changedFiles(
  sql: Sql,
  tenantId: TenantId,
  one: string,
  other: string,
): Promise<Set<string>> {
  const rows = await sql<{ id: string }>(
    `SELECT DISTINCT f.episode_id AS id FROM episode_files f
     WHERE f.tenant_id = $1 AND f.known_from >= least($2::timestamptz, $3::timestamptz)
       AND f.known_from <= greatest($2::timestamptz, $3::timestamptz)
       AND EXISTS (SELECT FROM episode_files k WHERE k.tenant_id = $1 AND k.episode_id = f.episode_id
                   AND k.known_from < f.known_from)`,
    [tenantId, one, other],
  );
  return new Set(rows.map(({ id }) => id));
}
