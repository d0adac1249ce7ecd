import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** A feed whose time has come. */
export interface DueFeed {
  tenantId: TenantId;
  podcastId: string;
  /** Feeds on one host share a lane. Says no more about the host than that. */
  lane: string;
  dueForSeconds: number;
}

/**
 * Up to `limit` feeds that are due, of every tenant: first the longest due of each tenant and of each host. The very
 * first is the longest due of all. Runs as `podcast_app` without a tenant.
 */
export function dueFeeds(sql: Sql, limit: number): Promise<DueFeed[]> {
  return sql<DueFeed>(
    `SELECT tenant_id AS "tenantId", podcast_id AS "podcastId", lane::text AS lane,
            greatest(extract(epoch FROM clock_timestamp() - due_at), 0)::float8 AS "dueForSeconds"
     FROM due_feeds($1)`,
    [limit],
  );
}
