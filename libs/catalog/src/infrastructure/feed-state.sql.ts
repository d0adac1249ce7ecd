import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** How the polling of a podcast's feed stands. */
export interface FeedStateRow {
  url: string | null;
  checkedAt: Date | null;
  /** Null when it is not polled by itself. */
  nextCheckAt: Date | null;
  failures: number;
  /** Code and message of the last failure: `feed_status: the server …`. */
  error: string | null;
  archived: boolean;
  secondsSinceCheck: number | null;
}

/** The state of one podcast's feed. Undefined when the tenant has no such podcast. */
export async function findFeedState(
  sql: Sql,
  tenantId: TenantId,
  podcastId: string,
): Promise<FeedStateRow | undefined> {
  const rows = await sql<FeedStateRow>(
    `SELECT feed_url AS url, feed_checked_at AS "checkedAt",
            CASE WHEN feed_url IS NOT NULL AND archived_at IS NULL
                 THEN nullif(coalesce(feed_next_check_at, now()), 'infinity') END AS "nextCheckAt",
            feed_failures AS failures, feed_error AS error, archived_at IS NOT NULL AS archived,
            extract(epoch FROM now() - feed_checked_at)::float8 AS "secondsSinceCheck"
     FROM podcasts WHERE tenant_id = $1 AND id = $2`,
    [tenantId, podcastId],
  );
  return rows[0];
}
