import { NO_LISTENER, type ListenerIds } from '../listener-ids.js';
import type { StorableEvent } from '../storable-event.js';

/** The payload hash of an event whose listener was erased: any repeat is a duplicate of it. */
export const ERASED_PAYLOAD = 0n;

/** When each erased listener's erasure was asked for, in milliseconds since 1970, by listener id. */
export type ErasedListeners = ReadonlyMap<bigint, number>;

/**
 * An event without what names its listener, as erasure leaves it. That it happened stays, and its identity, so that a
 * repeat brings nothing back. Its payload hash goes as well: agents are few enough to try them all against it.
 */
export function forgetListener(event: StorableEvent): StorableEvent {
  return {
    ...event,
    payloadHash: ERASED_PAYLOAD,
    userAgent: null,
    referrer: null,
    network: null,
    path: null,
    ids: NO_LISTENER,
    sessionId: null,
    eventData: null,
  };
}

/** Whether an event is of a listener who asked, when it had happened already, to be forgotten. */
export function isErased(
  { ids, occurredAt }: Pick<StorableEvent, 'ids' | 'occurredAt'>,
  erased: ErasedListeners,
): boolean {
  const requestedAt = Math.max(...NAMING.map((name) => requestedAtOf(ids[name], erased)));
  return Date.parse(occurredAt) <= requestedAt;
}

/** The ids by which a listener is found. That of the address alone is shared by a household. */
const NAMING = [
  'countToday',
  'countYesterday',
  'audienceA',
  'audienceB',
] as const satisfies (keyof ListenerIds)[];

function requestedAtOf(id: bigint | null, erased: ErasedListeners): number {
  return id === null ? -Infinity : (erased.get(id) ?? -Infinity);
}
