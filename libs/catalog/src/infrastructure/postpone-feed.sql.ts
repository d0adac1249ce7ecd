import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/**
 * Gives a claimed feed back: it is due again in `seconds`. Nothing happens when the podcast has another address by now.
 * @param polledUrl the address under which it was claimed
 */
export async function postponeFeed(
  sql: Sql,
  tenantId: TenantId,
  { podcastId, polledUrl, seconds }: { podcastId: string; polledUrl: string; seconds: number },
): Promise<void> {
  await sql(
    `UPDATE podcasts SET feed_next_check_at = now() + make_interval(secs => $4)
     WHERE tenant_id = $1 AND id = $2 AND feed_url = $3`,
    [tenantId, podcastId, polledUrl, seconds],
  );
}
