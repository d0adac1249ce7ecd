import type { INestApplicationContext } from '@nestjs/common';
import { TenantDb } from '@lib/database';
import { TenantsService } from '@lib/tenants';

/**
 * Makes sure that the tenant exists, where a missing one would only show as a broken reference.
 * @throws DomainError `tenant_not_found`
 */
export async function requireTenant(application: INestApplicationContext, tenant: string): Promise<void> {
  const tenants = application.get(TenantsService, { strict: false });
  await application.get(TenantDb, { strict: false }).run(tenant, () => tenants.get(), { readOnly: true });
}
