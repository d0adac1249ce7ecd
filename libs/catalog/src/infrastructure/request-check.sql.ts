import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/**
 * Makes a feed due, also one that was not polled any more. False when there is nothing to poll, or when it was polled
 * less than `gapSeconds` ago: then it may be on its way at this moment.
 */
export async function requestCheck(
  sql: Sql,
  tenantId: TenantId,
  podcastId: string,
  gapSeconds: number,
): Promise<boolean> {
  const rows = await sql(
    `UPDATE podcasts SET feed_next_check_at = now()
     WHERE tenant_id = $1 AND id = $2 AND feed_url IS NOT NULL AND archived_at IS NULL
       AND (feed_checked_at IS NULL OR feed_checked_at <= now() - make_interval(secs => $3))
     RETURNING id`,
    [tenantId, podcastId, gapSeconds],
  );
  return rows.length > 0;
}
