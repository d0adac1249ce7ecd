import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** When the next episode of the tenant is published after one instant and before another; null when none is. */
export async function nextPublication(
  sql: Sql,
  tenantId: TenantId,
  after: Date,
  before: Date,
): Promise<Date | null> {
  const [row] = await sql<{ at: Date | null }>(
    `SELECT min(published_at) AS at FROM episodes
     WHERE tenant_id = $1 AND published_at > $2 AND published_at < $3`,
    [tenantId, after, before],
  );
  return row?.at ?? null;
}
