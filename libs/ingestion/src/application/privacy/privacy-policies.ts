import { Inject, Injectable } from '@nestjs/common';
import { APP_POOL, RolePool, tenantContext } from '@lib/database';
import { withinTime, type TenantId } from '@lib/primitives';
import { privacySettings, type PrivacySettings } from '@lib/tenants';
import { LRUCache } from 'lru-cache';

/** How late a change of the settings may be seen by another process. */
const CACHE_MS = 60_000;
/** Settings that are a little old are better than none. */
const PATIENCE_MS = 100;

/** The privacy settings of tenants, as requests meet them that come in now. */
@Injectable()
export class PrivacyPolicies {
  private readonly tenants = new LRUCache<TenantId, Promise<PrivacySettings>>({ max: 5_000, ttl: CACHE_MS });
  /** What was read last, for when the database is away. */
  private readonly held = new LRUCache<TenantId, PrivacySettings>({ max: 5_000 });

  constructor(@Inject(APP_POOL) private readonly pool: RolePool) {}

  /** At most a minute old, unless the database is away. @throws its error when memory knows nothing either */
  async ofTenant(tenantId: TenantId): Promise<PrivacySettings> {
    const held = this.held.get(tenantId);
    const reading = this.read(tenantId);
    if (held === undefined) return reading;
    return withinTime(reading, PATIENCE_MS, () => new Error('late')).catch(() => held);
  }

  private read(tenantId: TenantId): Promise<PrivacySettings> {
    const cached = this.tenants.get(tenantId);
    if (cached !== undefined) return cached;
    const reading = this.load(tenantId);
    this.tenants.set(tenantId, reading);
    reading.catch(() => this.tenants.delete(tenantId));
    return reading;
  }

  private async load(tenantId: TenantId): Promise<PrivacySettings> {
    const settings = await this.pool.transaction(
      (sql) => privacySettings(sql, tenantId),
      tenantContext(tenantId),
    );
    this.held.set(tenantId, settings);
    return settings;
  }
}
