import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** A poll that found nothing new. */
export interface UnchangedFeed {
  podcastId: string;
  /** Address under which it was polled. */
  polledUrl: string;
  /** Address from now on. */
  feedUrl: string;
  nextCheckSeconds: number;
}

/** Notes that the feed is as it was. False, and nothing noted, when the podcast has another address by now. */
export async function noteUnchanged(
  sql: Sql,
  tenantId: TenantId,
  { podcastId, polledUrl, feedUrl, nextCheckSeconds }: UnchangedFeed,
): Promise<boolean> {
  const rows = await sql(
    `UPDATE podcasts SET feed_url = $4, feed_checked_at = now(), feed_failures = 0, feed_error = NULL,
       feed_next_check_at = now() + make_interval(secs => $5),
       updated_at = CASE WHEN feed_url IS DISTINCT FROM $4 THEN now() ELSE updated_at END
     WHERE tenant_id = $1 AND id = $2 AND feed_url = $3 RETURNING id`,
    [tenantId, podcastId, polledUrl, feedUrl, nextCheckSeconds],
  );
  return rows.length > 0;
}
