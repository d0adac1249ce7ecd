import { createHmac } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { NO_LISTENER, type ListenerIds } from '../domain/listener-ids.js';
import { listenerNetwork } from '../infrastructure/listener-network.js';
import type { DayKeys } from './listener-keys.js';

/**
 * Ids of the listener behind an address and user agent (PTMG v2.3 §5.5.4: IP + UA, IPv6 cut to /64).
 *
 * Remembers recent answers in memory only, since one listening sends many events; the address goes no further than here.
 */
export class ListenerIdentifier {
  private readonly recent = new WeakMap<DayKeys, LRUCache<string, ListenerIds>>();

  /** `address` is textual; `userAgent` is the cleaned one. */
  identify(keys: DayKeys, address: string | undefined, userAgent: string): ListenerIds {
    const network = address === undefined ? undefined : listenerNetwork(address);
    if (network === undefined) return NO_LISTENER;
    const cache = this.recent.get(keys) ?? new LRUCache<string, ListenerIds>({ max: 5_000 });
    this.recent.set(keys, cache);
    const listener = `${network}\n${userAgent}`;
    const known = cache.get(listener);
    if (known !== undefined) return known;
    const ids: ListenerIds = {
      countToday: keyedId(keys.countToday, listener),
      countYesterday: keyedId(keys.countYesterday, listener),
      addressDay: keyedId(keys.countToday, network),
      audienceA: keyedId(keys.audienceA, listener),
      audienceB: keyedId(keys.audienceB, listener),
    };
    cache.set(listener, ids);
    return ids;
  }
}

function keyedId(key: Buffer | null, text: string): bigint | null {
  return key === null ? null : createHmac('sha256', key).update(text).digest().readBigInt64BE(0);
}
