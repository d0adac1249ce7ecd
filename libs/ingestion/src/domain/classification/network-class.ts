import type { NetworkClass } from '../counting/counting-rules.js';

/** Every class that a network can have, in the order in which reports show them. */
export const NETWORK_CLASSES = [
  'household',
  'mobile',
  'business',
  'campus',
  'hosting',
  'vpn',
  'relay',
  'tor',
  'unknown',
] as const satisfies readonly NetworkClass[];

/** What is known of the network of an address. */
export interface NetworkVerdict {
  readonly networkClass: NetworkClass;
  /** Number of the autonomous system; null where nobody says it. */
  readonly asn: number | null;
  /** ISO 3166-1 alpha-2, in capitals; null where nobody says it. */
  readonly country: string | null;
}

/** A block of addresses, and what the operator's file says of it. */
export interface NetworkEntry extends NetworkVerdict {
  /** In CIDR notation. */
  readonly cidr: string;
}
