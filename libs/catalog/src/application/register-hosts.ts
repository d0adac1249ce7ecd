import type { TenantScope } from '@lib/database';
import { insertFeedHosts } from '../infrastructure/podcast-hosts.sql.js';

/** Lets the redirect send requests for a podcast on to the hosts of its enclosures. */
export async function registerHosts(
  { sql, tenantId }: Pick<TenantScope, 'sql' | 'tenantId'>,
  podcastId: string,
  hosts: readonly string[],
): Promise<void> {
  if (hosts.length > 0) await insertFeedHosts(sql, tenantId, podcastId, hosts);
}
