import type { TenantId } from '@lib/primitives';
import { hash64 } from './hash-payload.js';
import { knownNetwork, type KnownNetwork } from './known-network.js';
import type { ListenerIds } from './listener-ids.js';

/** The kinds of public addresses. `redirect`: in front of a podcast's enclosures. */
export type PublicKind = 'redirect';

/**
 * What is recorded of one request to a public address. Made when it comes in, its identity included, so that it can be
 * stored later and more than once. Of the client's address it holds nothing but keyed hashes.
 */
export interface Receipt {
  readonly id: string;
  /** ISO 8601, UTC, milliseconds. */
  readonly occurredAt: string;
  readonly tenantId: TenantId;
  readonly kind: PublicKind;
  /** What the address belongs to: the podcast. */
  readonly targetId: string;
  /** Host and path of the file that was asked for. */
  readonly mediaKey: string;
  readonly method: string;
  /** This and the referrer in the form in which they are stored. */
  readonly userAgent: string | null;
  readonly referrer: string | null;
  readonly range: string | null;
  readonly sessionId: string | null;
  readonly ids: ListenerIds;
  readonly network: KnownNetwork | null;
}

const ID_NAMES = ['countToday', 'countYesterday', 'addressDay', 'audienceA', 'audienceB', 'net'] as const;

/** A receipt as one line of text. */
export function writeReceipt({ ids, network, ...rest }: Receipt): string {
  const place = network && { ...network, id: undefined };
  return JSON.stringify({
    ...rest,
    network: place,
    ids: ID_NAMES.map((name) => ids[name]?.toString() ?? null),
  });
}

/** Reads back what `writeReceipt` wrote. */
export function readReceipt(line: string): Receipt {
  const { ids, network, ...rest } = JSON.parse(line) as WrittenReceipt;
  const read = ids.map((id) => (id === null ? null : BigInt(id)));
  const named = Object.fromEntries(ID_NAMES.map((name, index) => [name, read[index] ?? null]));
  return { ...rest, network: network && readNetwork(network), ids: named as unknown as ListenerIds };
}

type WrittenReceipt = Omit<Receipt, 'ids' | 'network'> & {
  ids: (string | null)[];
  network: Omit<KnownNetwork, 'id'> | null;
};

function readNetwork({
  addressList,
  listEntryId,
  ...verdict
}: Omit<KnownNetwork, 'id'>): KnownNetwork | null {
  const listed = addressList && listEntryId ? { kind: addressList, entryId: listEntryId } : null;
  return knownNetwork(verdict, listed);
}

/** Tells a repeat from a contradiction. Neither the listener nor the episode, which may be found later, enters it. */
export function hashReceipt(rest: Receipt): bigint {
  const { id, occurredAt, kind, targetId, mediaKey, method, userAgent, referrer, range, sessionId } = rest;
  return hash64(
    JSON.stringify([id, occurredAt, kind, targetId, mediaKey, method, userAgent, referrer, range, sessionId]),
  );
}
