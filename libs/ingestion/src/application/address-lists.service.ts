import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { TenantDb } from '@lib/database';
import { CursorCodec, readPage, type Page, type PageRequest } from '@lib/http';
import { DomainError } from '@lib/primitives';
import { lapsesAt } from '../domain/classification/address-listing.js';
import type { AddressListing } from '../domain/counting/counting-rules.js';
import {
  findAddressEntry,
  insertAddressEntry,
  listAddressEntries,
  removeAddressEntry,
  validateAddressEntry,
  type AddressEntryRow,
} from '../infrastructure/address-lists.sql.js';
import { annotationsWith, insertAnnotation } from '../infrastructure/annotations.sql.js';
import { readNetwork } from '../infrastructure/read-network.js';

/** A block to be put on a list. */
export interface AddressEntryRequest {
  readonly kind: AddressListing;
  /** In CIDR notation. */
  readonly network: string;
  readonly reason: string;
  /** The person who decides it. */
  readonly author: string;
}

/** An entry, and what it does now. */
export interface AddressEntry extends AddressEntryRow {
  /** `lapsed`: an inclusion that nobody validated for 90 days. It does nothing, which is a finding (IAB-14). */
  readonly state: 'active' | 'lapsed' | 'removed';
  /** When it lapses or lapsed; null for exclusions, which do not, and for what is removed. */
  readonly lapsesAt: Date | null;
}

/** Something that was done to an entry. */
export interface AddressEntryEvent {
  readonly at: Date;
  readonly action: 'added' | 'validated' | 'removed';
  /** The person, where one was named, and the key. */
  readonly by: string;
}

/** Blocks of addresses that the operator includes or excludes. Needs an open `TenantDb.run`. */
@Injectable()
export class AddressListsService {
  private readonly cursors: CursorCodec;

  constructor(
    private readonly db: TenantDb,
    settings: Settings,
  ) {
    this.cursors = new CursorCodec(settings.apiKeyPepper);
  }

  /** A page, the youngest first; those that were removed only if wanted. @throws DomainError `invalid_cursor` (400) */
  async list(withRemoved: boolean, request: PageRequest): Promise<Page<AddressEntry>> {
    const { sql, tenantId } = this.db.current;
    const list = `address-lists ${withRemoved}`;
    const { items, next } = await readPage(this.cursors, tenantId, list, request, (limit, after) =>
      listAddressEntries(sql, tenantId, withRemoved, limit, after),
    );
    const now = Date.now();
    return { items: items.map((row) => describeAddressEntry(row, now)), next };
  }

  /** An entry and its record, the oldest first. @throws DomainError `address_entry_not_found` (404) */
  async find(id: string): Promise<AddressEntry & { record: AddressEntryEvent[] }> {
    const { sql, tenantId } = this.db.current;
    const entry = await this.require(id);
    const notes = await annotationsWith(sql, tenantId, 'list_changed', 'addressEntryId', id);
    const record = notes.map(({ happenedAt, detail }) => ({
      at: happenedAt,
      action: detail['action'] as AddressEntryEvent['action'],
      by: String(detail['by']),
    }));
    return { ...entry, record };
  }

  /**
   * Puts a block on a list. It acts on requests that come in from now on.
   * @throws DomainError `network_invalid`, `network_host_bits`, `network_too_broad` (400), `network_listed` (409)
   */
  async add({ kind, network, reason, author }: AddressEntryRequest, key: string): Promise<AddressEntry> {
    const { sql, tenantId } = this.db.current;
    const entry = { id: randomUUID(), kind, network: readNetwork(network), reason, createdBy: author };
    if (!(await insertAddressEntry(sql, tenantId, entry))) throw listed(entry.network);
    await this.note(entry, 'added', `${author}, ${key}`);
    return this.require(entry.id);
  }

  /**
   * Says that somebody looked at an entry and it is still right.
   * @throws DomainError `address_entry_not_found` (404), `address_entry_removed` (409)
   */
  async validate(id: string, author: string, key: string): Promise<AddressEntry> {
    const { sql, tenantId } = this.db.current;
    const entry = await this.require(id);
    if (!(await validateAddressEntry(sql, tenantId, id)))
      throw new DomainError('address_entry_removed', 409, 'The entry was removed. Add the block again.');
    await this.note(entry, 'validated', `${author}, ${key}`);
    return this.require(id);
  }

  /** Takes a block off its list; once more changes nothing. @throws DomainError `address_entry_not_found` (404) */
  async remove(id: string, key: string): Promise<void> {
    const { sql, tenantId } = this.db.current;
    const entry = await this.require(id);
    if (await removeAddressEntry(sql, tenantId, id)) await this.note(entry, 'removed', key);
  }

  /** The record names no address: notes are read by more people than the lists. */
  private async note(
    { id, kind }: Pick<AddressEntryRow, 'id' | 'kind'>,
    action: AddressEntryEvent['action'],
    by: string,
  ): Promise<void> {
    const { sql, tenantId } = this.db.current;
    const detail = { list: 'addresses', addressEntryId: id, kind, action, by };
    await insertAnnotation(sql, tenantId, { happenedAt: new Date(), kind: 'list_changed', detail });
  }

  private async require(id: string): Promise<AddressEntry> {
    const { sql, tenantId } = this.db.current;
    const found = await findAddressEntry(sql, tenantId, id);
    if (found === undefined)
      throw new DomainError('address_entry_not_found', 404, 'There is no entry with that id.');
    return describeAddressEntry(found, Date.now());
  }
}

/** What an entry does at a time, in UTC milliseconds. */
export function describeAddressEntry(row: AddressEntryRow, atMs: number): AddressEntry {
  if (row.removedAt !== null) return { ...row, state: 'removed', lapsesAt: null };
  const lapsesAtMs = lapsesAt({ kind: row.kind, validatedAtMs: row.validatedAt.getTime() });
  const state = lapsesAtMs !== null && lapsesAtMs <= atMs ? 'lapsed' : 'active';
  return { ...row, state, lapsesAt: lapsesAtMs === null ? null : new Date(lapsesAtMs) };
}

function listed(network: string): DomainError {
  const message = `An entry for ${network} stands already, on this list or the other. Remove it first.`;
  return new DomainError('network_listed', 409, message, { field: 'network' });
}
