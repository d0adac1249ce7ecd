import { Injectable } from '@nestjs/common';
import { withinTime, type TenantId } from '@lib/primitives';
import { LRUCache } from 'lru-cache';
import type { AddressListings } from '../domain/classification/address-listing.js';
import { knownNetwork, type KnownNetwork } from '../domain/known-network.js';
import { addressKey } from '../infrastructure/parse-address.js';
import { AddressLists } from './address-lists.js';
import { NetworkLists } from './network-lists.js';

/** What is known of an address at a time (UTC, milliseconds since 1970); null where nothing is. */
export type NetworkOf = (address: string | undefined, atMs: number) => KnownNetwork | null;

/** An address list that is a little old says more than none. */
const PATIENCE_MS = 100;

/**
 * Says of addresses, while their requests are in memory, what counting will ask: class, country and the tenant's own lists.
 * The address goes no further than here.
 */
@Injectable()
export class NetworkReader {
  /** What was read last, for when the database is away. */
  private readonly listings = new LRUCache<TenantId, AddressListings>({ max: 5_000 });

  constructor(
    private readonly networks: NetworkLists,
    private readonly addressLists: AddressLists,
  ) {}

  /** @throws the database's error when neither it nor memory knows the lists */
  async forTenant(tenantId: TenantId): Promise<NetworkOf> {
    const [networks, listings] = await Promise.all([this.networks.current(), this.listingsOf(tenantId)]);
    return (address, atMs) => {
      const key = address === undefined ? undefined : addressKey(address);
      if (address === undefined || key === undefined) return null;
      return knownNetwork(networks.look(address), listings.listing(key, atMs));
    };
  }

  private async listingsOf(tenantId: TenantId): Promise<AddressListings> {
    const held = this.listings.get(tenantId);
    const reading = this.addressLists.ofTenant(tenantId).then((read) => {
      this.listings.set(tenantId, read);
      return read;
    });
    if (held === undefined) return reading;
    return withinTime(reading, PATIENCE_MS, () => new Error('late')).catch(() => held);
  }
}
