import type { TenantScope } from '@lib/database';
import { appendMark } from '@lib/time-series';

/**
 * Says, in the open transaction, that episodes have files that they did not have before: requests of them that came in
 * earlier are given their episode, and counted.
 */
export function announceFiles({ sql, tenantId }: Pick<TenantScope, 'sql' | 'tenantId'>): Promise<void> {
  return appendMark(sql, tenantId, 'locate', new Date(0), null);
}
