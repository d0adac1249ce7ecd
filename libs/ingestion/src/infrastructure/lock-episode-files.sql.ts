import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/**
 * Waits for everybody who is changing what is known of the tenant's files, and holds up whoever comes later until the
 * transaction ends: an instant that is taken meanwhile lies after every change that can be seen and before all others.
 * Take it in a statement of its own, in a short transaction. The trigger on `episodes` takes the other side of the lock.
 */
export async function lockEpisodeFiles(sql: Sql, tenantId: TenantId): Promise<void> {
  await sql(`SELECT pg_advisory_xact_lock(hashtextextended($1::uuid::text || 'episode_files', 0))`, [
    tenantId,
  ]);
}
