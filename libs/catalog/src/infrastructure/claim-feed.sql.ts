import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** A feed that this process may poll now, and what is known of the copy at hand. */
export interface ClaimedFeed {
  feedUrl: string;
  etag: string | null;
  lastModified: string | null;
  copyUrl: string | null;
  /** Polls in a row that failed. */
  failures: number;
}

/**
 * Claims a due feed by moving its next poll `leaseSeconds` ahead; undefined when it is not due any more. Of two callers
 * at once, one waits for the row and then finds it claimed. Whoever dies with a claim delays the feed by the lease.
 */
export async function claimFeed(
  sql: Sql,
  tenantId: TenantId,
  podcastId: string,
  leaseSeconds: number,
): Promise<ClaimedFeed | undefined> {
  const rows = await sql<ClaimedFeed>(
    `UPDATE podcasts SET feed_checked_at = now(), feed_next_check_at = now() + make_interval(secs => $3)
     WHERE tenant_id = $1 AND id = $2 AND feed_url IS NOT NULL AND archived_at IS NULL
       AND (feed_next_check_at IS NULL OR feed_next_check_at <= now())
     RETURNING feed_url AS "feedUrl", feed_etag AS etag, feed_last_modified AS "lastModified",
               feed_copy_url AS "copyUrl", feed_failures AS failures`,
    [tenantId, podcastId, leaseSeconds],
  );
  return rows[0];
}
