import type { Settings } from '@lib/config';
import { TenantDb } from '@lib/database';
import { KeysService } from '@lib/tenants';
import { CommandFailed } from '../command.errors.js';
import { withApplication } from '../with-application.js';
import { requireTenant } from './require-tenant.js';

/**
 * Works on the keys of a tenant, in one transaction of that tenant.
 * @throws DomainError `tenant_not_found`, CommandFailed when nothing names the tenant
 */
export async function asTenant<T>(
  settings: Settings,
  tenant: string | undefined,
  work: (keys: KeysService) => Promise<T>,
): Promise<T> {
  if (tenant === undefined)
    throw new CommandFailed('--tenant is needed, or --platform for keys without a tenant');
  return withApplication(settings, async (application) => {
    await requireTenant(application, tenant);
    const keys = application.get(KeysService, { strict: false });
    return application.get(TenantDb, { strict: false }).run(tenant, () => work(keys));
  });
}
