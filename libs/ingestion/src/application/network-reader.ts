import { Injectable } from '@nestjs/common';
import { withinTime, type TenantId } from '@lib/primitives';
import { LRUCache } from 'lru-cache';
import type { NetworkVerdict } from '../domain/classification/network-class.js';
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

  /** Entries of addresses that no tenant names, so that none is hashed anew for each event. */
  private readonly entries = new WeakMap<NetworkVerdict, { entry: KnownNetwork | null }>();

  constructor(
    private readonly networks: NetworkLists,
    private readonly addressLists: AddressLists,
  ) {}

  /** @throws the database's error when neither it nor memory knows the lists */
  async forTenant(tenantId: TenantId): Promise<NetworkOf> {
    const [networks, listings] = await Promise.all([this.networks.current(), this.listingsOf(tenantId)]);
    return (address, atMs) => {
      if (address === undefined) return null;
      const verdict = networks.look(address);
      const key = listings.isEmpty ? undefined : addressKey(address);
      const listed = key === undefined ? null : listings.listing(key, atMs);
      return listed === null ? this.unlisted(verdict) : knownNetwork(verdict, listed);
    };
  }

  private unlisted(verdict: NetworkVerdict): KnownNetwork | null {
    const known = this.entries.get(verdict) ?? { entry: knownNetwork(verdict, null) };
    this.entries.set(verdict, known);
    return known.entry;
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
