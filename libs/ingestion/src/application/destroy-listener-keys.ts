import { Inject, Injectable } from '@nestjs/common';
import { MAINTENANCE_POOL, RolePool, TenantDb } from '@lib/database';
import { HandlesJob } from '@lib/queue';
import { destroyListenerKeysJob } from './destroy-listener-keys.job.js';
import { destroyDueKeys, tenantsWithDueKeys } from '../infrastructure/listener-keys.sql.js';

/** Destroys listener keys whose time has come, tenant by tenant. Running it twice, or late, changes nothing but the time. */
@Injectable()
@HandlesJob(destroyListenerKeysJob)
export class DestroyListenerKeys {
  constructor(
    private readonly db: TenantDb,
    @Inject(MAINTENANCE_POOL) private readonly maintenance: RolePool,
  ) {}

  async run(): Promise<Record<string, number>> {
    let destroyed = 0;
    for (const tenantId of await this.maintenance.transaction(tenantsWithDueKeys)) {
      destroyed += await this.db.run(tenantId, () => destroyDueKeys(this.db.current.sql, tenantId));
    }
    return { destroyed };
  }
}
