import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** A poll that brought nothing. */
export interface FailedPoll {
  podcastId: string;
  /** Address under which it was polled. */
  polledUrl: string;
  /** Code and message: `feed_status: the server …`. */
  error: string;
  /** Null: never again by itself. */
  nextCheckSeconds: number | null;
}

/** Notes the failure. What was imported before stays. Nothing is noted when the podcast has another address by now. */
export async function noteFailedPoll(
  sql: Sql,
  tenantId: TenantId,
  { podcastId, polledUrl, error, nextCheckSeconds }: FailedPoll,
): Promise<void> {
  await sql(
    `UPDATE podcasts SET feed_checked_at = now(), feed_failures = feed_failures + 1, feed_error = $4,
       feed_next_check_at = coalesce(now() + make_interval(secs => $5::float8), 'infinity')
     WHERE tenant_id = $1 AND id = $2 AND feed_url = $3`,
    [tenantId, podcastId, polledUrl, error, nextCheckSeconds],
  );
}
