import type { ListedAddress } from './classification/address-listing.js';
import type { NetworkVerdict } from './classification/network-class.js';
import type { AddressListing } from './counting/counting-rules.js';
import { hash64 } from './hash-payload.js';

/** All that is kept of where an address belongs: an entry of the dictionary `networks`, shared by very many requests. */
export interface KnownNetwork extends NetworkVerdict {
  /** Follows from everything else. */
  readonly id: bigint;
  readonly addressList: AddressListing | null;
  /** The tenant's entry that names the address. */
  readonly listEntryId: string | null;
}

/** The entry for what is known of an address when its request comes in; null where nothing is. */
export function knownNetwork(
  { networkClass, asn, country }: NetworkVerdict,
  listed: ListedAddress | null,
): KnownNetwork | null {
  if (networkClass === 'unknown' && asn === null && country === null && listed === null) return null;
  const [addressList, listEntryId] = [listed?.kind ?? null, listed?.entryId ?? null];
  const id = hash64(JSON.stringify([networkClass, asn, country, addressList, listEntryId]));
  return { id, networkClass, asn, country, addressList, listEntryId };
}
