import { createHmac } from 'node:crypto';
import { DAY_MS } from '@lib/primitives';
import { LRUCache } from 'lru-cache';
import { firstBits } from '../domain/hash-payload.js';
import { NO_LISTENER, type ListenerIds } from '../domain/listener-ids.js';
import type { AddressPrecision } from '../domain/privacy/address-precision.js';
import { listenerNetwork } from '../infrastructure/listener-network.js';
import type { DayKeys } from './listener-keys.js';

/** Listeners remembered over all tenants and days, at some 500 bytes each. */
const REMEMBERED = 50_000;

/**
 * Ids of the listener behind an address and user agent (PTMG v2.3 §5.5.4: IP + UA, IPv6 cut to /64).
 *
 * Remembers recent answers in memory only, for a day at most, since one listening sends many events; the address goes no
 * further than here.
 */
export class ListenerIdentifier {
  private readonly recent = new LRUCache<string, ListenerIds>({ max: REMEMBERED, ttl: DAY_MS });
  /** Tells the keys of one tenant and day from all others in the names of what is remembered. */
  private readonly numbers = new WeakMap<DayKeys, number>();
  private lastNumber = 0;
  /** The last answer and what it was for: a player sends a whole batch, and hosts send a listening in one piece. */
  private last:
    | { keys: DayKeys; address: string; userAgent: string; precision: AddressPrecision; ids: ListenerIds }
    | undefined;

  /** `address` is textual; `userAgent` is the cleaned one. `precision`: how much of the address may be hashed. */
  identify(
    keys: DayKeys,
    address: string | undefined,
    userAgent: string,
    precision: AddressPrecision = 'whole',
  ): ListenerIds {
    if (address === undefined) return NO_LISTENER;
    const { last } = this;
    if (
      last?.keys === keys &&
      last.address === address &&
      last.userAgent === userAgent &&
      last.precision === precision
    )
      return last.ids;
    const ids = this.recall(keys, address, userAgent, precision);
    this.last = { keys, address, userAgent, precision, ids };
    return ids;
  }

  private recall(
    keys: DayKeys,
    address: string,
    userAgent: string,
    precision: AddressPrecision,
  ): ListenerIds {
    const name = `${this.numberOf(keys)}\n${precision}\n${address}\n${userAgent}`;
    const known = this.recent.get(name);
    if (known !== undefined) return known;
    const ids = makeIds(keys, listenerNetwork(address, precision), userAgent, precision);
    this.recent.set(name, ids);
    return ids;
  }

  private numberOf(keys: DayKeys): number {
    const known = this.numbers.get(keys);
    if (known !== undefined) return known;
    this.lastNumber += 1;
    this.numbers.set(keys, this.lastNumber);
    return this.lastNumber;
  }
}

function makeIds(
  keys: DayKeys,
  network: string | undefined,
  userAgent: string,
  precision: AddressPrecision,
): ListenerIds {
  if (network === undefined) return NO_LISTENER;
  const listener = listenerText(network, userAgent);
  return {
    countToday: idUnder(keys.countToday, listener),
    countYesterday: idUnder(keys.countYesterday, listener),
    addressDay: idUnder(keys.countToday, network),
    audienceA: idUnder(keys.audienceA, listener),
    audienceB: idUnder(keys.audienceB, listener),
    // What is left of an address that is cut is no household.
    net: precision === 'whole' ? idUnder(keys.net, network) : null,
  };
}

/** What is hashed of a listener. */
export function listenerText(network: string, userAgent: string): string {
  return `${network}\n${userAgent}`;
}

/** The id of a listener, or of a network, under a key. */
export function keyedId(key: Buffer, text: string): bigint {
  return firstBits(createHmac('sha256', key).update(text).digest('hex'));
}

/** Under a key that is destroyed there is none. */
function idUnder(key: Buffer | null, text: string): bigint | null {
  return key === null ? null : keyedId(key, text);
}
