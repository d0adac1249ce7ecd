import type { TenantId } from '@lib/primitives';
import { hash64 } from './hash-payload.js';
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
  readonly userAgent: string | null;
  readonly referrer: string | null;
  readonly range: string | null;
  readonly sessionId: string | null;
  readonly ids: ListenerIds;
}

const ID_NAMES = ['countToday', 'countYesterday', 'addressDay', 'audienceA', 'audienceB'] as const;

/** A receipt as one line of text. */
export function writeReceipt({ ids, ...rest }: Receipt): string {
  return JSON.stringify({ ...rest, ids: ID_NAMES.map((name) => ids[name]?.toString() ?? null) });
}

/** Reads back what `writeReceipt` wrote. */
export function readReceipt(line: string): Receipt {
  const { ids, ...rest } = JSON.parse(line) as Omit<Receipt, 'ids'> & { ids: (string | null)[] };
  const read = ids.map((id) => (id === null ? null : BigInt(id)));
  const named = Object.fromEntries(ID_NAMES.map((name, index) => [name, read[index] ?? null]));
  return { ...rest, ids: named as unknown as ListenerIds };
}

/** Tells a repeat from a contradiction. Neither the listener nor the episode, which may be found later, enters it. */
export function hashReceipt({ ids, ...rest }: Receipt): bigint {
  const { id, occurredAt, kind, targetId, mediaKey, method, userAgent, referrer, range, sessionId } = rest;
  return hash64(
    JSON.stringify([id, occurredAt, kind, targetId, mediaKey, method, userAgent, referrer, range, sessionId]),
  );
}
