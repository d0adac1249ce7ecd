import type { TenantScope } from '@lib/database';
import { podcastQuotaReached } from '../domain/catalog.errors.js';
import { countPodcasts, lockPodcastQuota } from '../infrastructure/podcast-quota.sql.js';

/**
 * Makes sure that the tenant may have one podcast more. The open transaction must add it: until it ends, others wait.
 * @throws DomainError `podcast_quota_reached` (409)
 */
export async function requirePodcastRoom({
  sql,
  tenantId,
}: Pick<TenantScope, 'sql' | 'tenantId'>): Promise<void> {
  const max = await lockPodcastQuota(sql, tenantId);
  // A statement of its own: it has to see what those committed who held the lock before.
  if (max !== null && (await countPodcasts(sql, tenantId)) >= max) throw podcastQuotaReached(max);
}
