import { Injectable } from '@nestjs/common';
import type { TenantId } from '@lib/primitives';

const CAPACITY = 1_000;

/** Tenants whose rollups this process refreshed lately: what the reconciler chooses from. Bounded; the oldest are forgotten. */
@Injectable()
export class RecentTenants {
  private readonly tenants = new Set<TenantId>();

  note(tenantId: TenantId): void {
    this.tenants.delete(tenantId);
    this.tenants.add(tenantId);
    for (const oldest of this.tenants) {
      if (this.tenants.size <= CAPACITY) break;
      this.tenants.delete(oldest);
    }
  }

  /** Any of them, each as likely as the others; undefined when none is known. */
  pick(): TenantId | undefined {
    return [...this.tenants][Math.floor(Math.random() * this.tenants.size)];
  }
}
