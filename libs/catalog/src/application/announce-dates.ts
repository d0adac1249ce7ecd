import type { TenantScope } from '@lib/database';
import { keepMark } from '@lib/time-series';

/** Says, in the open transaction, that dates of publication may have changed: downloads by age are counted from them. */
export function announceDates({ sql, tenantId }: Pick<TenantScope, 'sql' | 'tenantId'>): Promise<void> {
  return keepMark(sql, tenantId, 'publication', new Date(0));
}
