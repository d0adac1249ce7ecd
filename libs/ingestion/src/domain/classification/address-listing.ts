import { DAY_MS } from '@lib/primitives';
import type { AddressListing } from '../counting/counting-rules.js';
import type { AddressKey } from './address-key.js';
import { type AddressRange, RangeTable } from './range-table.js';

/** An entry of a tenant's address lists. */
export interface AddressListEntry {
  readonly id: string;
  readonly kind: AddressListing;
  readonly range: AddressRange;
  /** When somebody last looked whether the entry is still right: UTC, milliseconds since 1970. */
  readonly validatedAtMs: number;
}

/** The entry that decides about an address. */
export interface ListedAddress {
  readonly kind: AddressListing;
  readonly entryId: string;
}

/** PTMG v2.3 §5.5.2, note (IAB-14): an inclusion is validated again at least every 90 days. */
export const INCLUSION_MS = 90 * DAY_MS;

/**
 * Tells addresses that the operator names. Of several entries around an address the narrowest decides; of two equal ones
 * the exclusion. An inclusion that nobody looked at for 90 days does nothing (IAB-14, IAB-24).
 */
export class AddressListings {
  private readonly entries: readonly AddressListEntry[];
  private readonly table: RangeTable;

  constructor(entries: readonly AddressListEntry[]) {
    // Of equal blocks the table finds the later first.
    this.entries = [...entries].sort((a, b) => Number(a.kind === 'excluded') - Number(b.kind === 'excluded'));
    this.table = new RangeTable(this.entries.map(({ range }) => range));
  }

  /** Whether no address is named, as with most tenants. */
  get isEmpty(): boolean {
    return this.entries.length === 0;
  }

  /**
   * @param atMs when the request came in: UTC, milliseconds since 1970
   */
  listing(address: AddressKey, atMs: number): ListedAddress | null {
    for (let at = this.table.find(address); at !== undefined; at = this.table.widerThan(at)) {
      const entry = this.entries[at];
      if (entry !== undefined && holds(entry, atMs)) return { kind: entry.kind, entryId: entry.id };
    }
    return null;
  }

  /** The inclusions that do nothing any more until somebody validates them: each is a finding. */
  lapsed(atMs: number): AddressListEntry[] {
    return this.entries.filter((entry) => !holds(entry, atMs));
  }
}

/** From when on an entry does nothing unless somebody validates it: UTC milliseconds, or null for never. */
export function lapsesAt({
  kind,
  validatedAtMs,
}: Pick<AddressListEntry, 'kind' | 'validatedAtMs'>): number | null {
  return kind === 'included' ? validatedAtMs + INCLUSION_MS : null;
}

function holds(entry: AddressListEntry, atMs: number): boolean {
  return atMs < (lapsesAt(entry) ?? Infinity);
}
