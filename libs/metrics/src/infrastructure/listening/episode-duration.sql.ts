import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** How long an episode is said to be, in milliseconds; null where nobody said it. */
export async function episodeDuration(
  sql: Sql,
  tenantId: TenantId,
  episodeId: string,
): Promise<number | null> {
  const rows = await sql<{ seconds: number | null }>(
    `SELECT duration_seconds AS seconds FROM episodes WHERE tenant_id = $1 AND id = $2`,
    [tenantId, episodeId],
  );
  const seconds = rows[0]?.seconds ?? 0;
  return seconds > 0 ? seconds * 1000 : null;
}
