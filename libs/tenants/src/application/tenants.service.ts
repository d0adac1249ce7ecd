import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { ADMIN_POOL, RolePool, TenantDb } from '@lib/database';
import { DomainError, toTenantId, type TenantId } from '@lib/primitives';
import { moveWatermark } from '@lib/time-series';
import { requireRetentionOrder, retentionInForce, type RetentionDays } from '../domain/retention-in-force.js';
import { updatePrivacySettings } from '../infrastructure/privacy-settings.sql.js';
import {
  findTenant,
  insertTenant,
  listTenants,
  updateTenant,
  type TenantChange,
  type TenantRow,
} from '../infrastructure/tenants.sql.js';

/** Tenants, seen by the platform's own people and by themselves. */
@Injectable()
export class TenantsService {
  constructor(
    private readonly db: TenantDb,
    @Inject(ADMIN_POOL) private readonly admin: RolePool,
    private readonly settings: Settings,
  ) {}

  /** Creates a tenant in a transaction of its own id, then runs `andThen` in the same transaction. */
  async create<T>(
    request: { name: string; timeZone: string; tenantId?: string },
    andThen: () => Promise<T>,
  ): Promise<{ tenant: TenantRow; result: T }> {
    const tenantId = toTenantId(request.tenantId ?? randomUUID());
    return this.db.run(tenantId, async () => {
      await insertTenant(this.db.current.sql, tenantId, request.name, request.timeZone);
      return { result: await andThen(), tenant: await this.get() };
    });
  }

  /** The tenant of the open transaction. */
  async get(): Promise<TenantRow> {
    const row = await findTenant(this.db.current.sql, this.db.current.tenantId);
    if (row === undefined) throw notFound();
    return row;
  }

  /** For how many days each level of the tenant of the open transaction is kept. */
  async retention(): Promise<RetentionDays> {
    return retentionInForce(await this.get(), this.settings);
  }

  /**
   * Changes the tenant of the open transaction. Days of metrics are those of its time zone.
   * @throws DomainError `retention_order` (400)
   */
  async update(change: TenantChange): Promise<TenantRow> {
    const { sql, tenantId } = this.db.current;
    await updateTenant(sql, tenantId, change);
    if (change.privacy !== undefined) await updatePrivacySettings(sql, tenantId, change.privacy);
    const changed = await this.get();
    // Not whatever is changed: the platform's defaults may have moved since, which is no fault of who changes a name.
    if (Object.keys(change).some((field) => field.endsWith('RetentionDays')))
      requireRetentionOrder(changed, this.settings);
    await moveWatermark(sql, tenantId);
    return changed;
  }

  /** One tenant, for the platform's people. @throws DomainError `tenant_not_found` (404). */
  async find(tenantId: TenantId): Promise<TenantRow> {
    const row = await this.admin.transaction((sql) => findTenant(sql, tenantId));
    if (row === undefined) throw notFound();
    return row;
  }

  /** A page of all tenants, oldest first, for the platform's people. */
  list(limit: number, after: { createdAt: string; tenantId: string } | null): Promise<TenantRow[]> {
    return this.admin.transaction((sql) => listTenants(sql, limit, after));
  }

  /** Changes any tenant, for the platform's people. */
  async change(tenantId: TenantId, change: TenantChange): Promise<TenantRow> {
    return this.db.run(tenantId, async () => {
      await this.get();
      return this.update(change);
    });
  }
}

function notFound(): DomainError {
  return new DomainError('tenant_not_found', 404, 'There is no tenant with that id.');
}
