import { Inject, Injectable } from '@nestjs/common';
import { APP_POOL, RolePool, tenantContext } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import { LRUCache } from 'lru-cache';
import { type AddressListEntry, AddressListings } from '../domain/classification/address-listing.js';
import { standingAddressEntries, type StoredAddressEntry } from '../infrastructure/address-lists.sql.js';
import { addressRange } from '../infrastructure/parse-address.js';

/** How late a change of a list may be seen by another process. */
const CACHE_MS = 60_000;

/** The address lists of tenants, as requests meet them that come in now. */
@Injectable()
export class AddressLists {
  private readonly tenants = new LRUCache<TenantId, Promise<AddressListings>>({ max: 5_000, ttl: CACHE_MS });

  constructor(@Inject(APP_POOL) private readonly pool: RolePool) {}

  /** What the tenant's entries say of addresses; at most a minute old. */
  ofTenant(tenantId: TenantId): Promise<AddressListings> {
    const cached = this.tenants.get(tenantId);
    if (cached !== undefined) return cached;
    const loading = this.load(tenantId);
    this.tenants.set(tenantId, loading);
    loading.catch(() => this.tenants.delete(tenantId));
    return loading;
  }

  private async load(tenantId: TenantId): Promise<AddressListings> {
    const stored = await this.pool.transaction(
      (sql) => standingAddressEntries(sql, tenantId),
      tenantContext(tenantId),
    );
    return new AddressListings(stored.flatMap(readEntry));
  }
}

function readEntry({ id, kind, network, validatedAt }: StoredAddressEntry): AddressListEntry[] {
  const range = addressRange(network);
  // The column's type lets only blocks in.
  return range === undefined ? [] : [{ id, kind, range, validatedAtMs: validatedAt.getTime() }];
}
