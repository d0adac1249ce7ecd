import { cleanUserAgent } from '../../domain/storable-event.js';
import type { AddressPrecision } from '../../domain/privacy/address-precision.js';
import type { PrivacyRequestKind } from '../../domain/privacy/privacy-request.js';
import { listenerNetwork } from '../../infrastructure/listener-network.js';
import { keyedId, listenerText } from '../identify-listener.js';
import type { LiveKey } from '../listener-keys.js';

/** A listener's ids, and from when on they find them. */
export interface FoundListener {
  readonly listenerIds: readonly string[];
  /** The first UTC day that a key is left for; null when none is. */
  readonly foundFrom: string | null;
}

/**
 * Where addresses are cut, one id stands for everybody nearby with that agent. Erasing too much is the smaller wrong;
 * showing somebody what others listened to is not.
 */
const PRECISIONS: Readonly<Record<PrivacyRequestKind, readonly AddressPrecision[]>> = {
  erasure: ['whole', 'coarse'],
  export: ['whole'],
};

/**
 * The ids of whoever has an address and a user agent, under every key that is left: of each UTC day, both audience series
 * and all imports. The address goes no further than here.
 * @returns undefined when `address` is none
 */
export function findListener(
  keys: readonly LiveKey[],
  kind: PrivacyRequestKind,
  address: string,
  userAgent: string,
): FoundListener | undefined {
  const agent = cleanUserAgent(userAgent) ?? '';
  const ids = new Set<bigint>();
  for (const precision of PRECISIONS[kind]) {
    const network = listenerNetwork(address, precision);
    if (network === undefined) return undefined;
    for (const { key } of keys) ids.add(keyedId(key, listenerText(network, agent)));
  }
  const periods = keys.map(({ period }) => period).sort();
  return { listenerIds: [...ids].map(String), foundFrom: periods[0] ?? null };
}
