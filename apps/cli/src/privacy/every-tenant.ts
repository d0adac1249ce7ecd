import type { INestApplicationContext } from '@nestjs/common';
import { TenantDb } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import { TenantsService } from '@lib/tenants';

const PAGE = 500;

/** Runs `work` in a transaction of each tenant, oldest tenant first. */
export async function forEveryTenant(
  application: INestApplicationContext,
  work: (tenantId: TenantId) => Promise<void>,
): Promise<void> {
  const tenants = application.get(TenantsService, { strict: false });
  const db = application.get(TenantDb, { strict: false });
  const done = new Set<TenantId>();
  let after: { createdAt: string; tenantId: string } | null = null;
  for (;;) {
    const page = await tenants.list(PAGE, after);
    for (const { tenantId } of page) {
      if (done.has(tenantId)) continue;
      done.add(tenantId);
      await db.run(tenantId, () => work(tenantId));
    }
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    // A Date has lost the microseconds: the page begins with the last tenants of this one again.
    after = { createdAt: last.createdAt.toISOString(), tenantId: last.tenantId };
  }
}
