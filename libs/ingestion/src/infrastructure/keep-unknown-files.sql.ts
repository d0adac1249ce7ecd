import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/**
 * Notes of episodes of whose files nothing was ever known that a day was counted without: what becomes known later holds
 * from then on, and no longer for all time before.
 */
export async function keepUnknownFiles(
  sql: Sql,
  tenantId: TenantId,
  episodeIds: readonly string[],
): Promise<void> {
  await sql(
    `INSERT INTO episode_files (tenant_id, episode_id, known_from)
     SELECT $1, e.id, '-infinity' FROM episodes e
     WHERE e.tenant_id = $1 AND e.id = ANY ($2::uuid[])
       AND NOT EXISTS (SELECT FROM episode_files f WHERE f.tenant_id = $1 AND f.episode_id = e.id)
     ON CONFLICT DO NOTHING`,
    [tenantId, episodeIds],
  );
}
