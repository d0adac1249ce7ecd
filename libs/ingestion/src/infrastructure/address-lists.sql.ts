import type { Sql } from '@lib/database';
import type { ListPosition } from '@lib/http';
import type { TenantId } from '@lib/primitives';
import { INCLUSION_MS } from '../domain/classification/address-listing.js';

/** An entry as it is stored. */
export interface StoredAddressEntry {
  readonly id: string;
  readonly kind: 'included' | 'excluded';
  /** In CIDR notation. */
  readonly network: string;
  /** When somebody last looked whether the entry is still right. */
  readonly validatedAt: Date;
}

/** An entry with what people say about it. */
export interface AddressEntryRow extends StoredAddressEntry {
  readonly reason: string;
  /** Who put it there, in words. */
  readonly createdBy: string;
  readonly createdAt: Date;
  /** Null while it stands. */
  readonly removedAt: Date | null;
}

const COLUMNS = `id, kind, network::text AS network, reason, created_by AS "createdBy", created_at AS "createdAt",
  validated_at AS "validatedAt", removed_at AS "removedAt"`;

/** The tenant's entries that were not taken off the list. */
export function standingAddressEntries(sql: Sql, tenantId: TenantId): Promise<StoredAddressEntry[]> {
  return sql<StoredAddressEntry>(
    `SELECT id, kind, network::text AS network, validated_at AS "validatedAt" FROM address_lists
     WHERE tenant_id = $1 AND removed_at IS NULL ORDER BY created_at, id`,
    [tenantId],
  );
}

/** The tenant's entries, those that were taken off included, the youngest first. */
export function addressEntries(sql: Sql, tenantId: TenantId): Promise<AddressEntryRow[]> {
  return sql<AddressEntryRow>(
    `SELECT ${COLUMNS} FROM address_lists WHERE tenant_id = $1 ORDER BY created_at DESC, id`,
    [tenantId],
  );
}

/** Up to `limit` entries, the youngest first, after `after`; those that were taken off only if wanted. */
export function listAddressEntries(
  sql: Sql,
  tenantId: TenantId,
  withRemoved: boolean,
  limit: number,
  after: ListPosition,
): Promise<(AddressEntryRow & ListPosition)[]> {
  return sql(
    `SELECT ${COLUMNS}, created_at::text AS "sortKey" FROM address_lists
     WHERE tenant_id = $1 AND ($2 OR removed_at IS NULL) AND (created_at, id) < ($3::timestamptz, $4::uuid)
     ORDER BY address_lists.created_at DESC, id DESC LIMIT $5`,
    [tenantId, withRemoved, after.sortKey, after.id, limit],
  );
}

/** One entry, or undefined when the tenant has none with that id. */
export async function findAddressEntry(
  sql: Sql,
  tenantId: TenantId,
  id: string,
): Promise<AddressEntryRow | undefined> {
  const rows = await sql<AddressEntryRow>(
    `SELECT ${COLUMNS} FROM address_lists WHERE tenant_id = $1 AND id = $2`,
    [tenantId, id],
  );
  return rows[0];
}

/** How many inclusions do nothing at a time because nobody validated them (PTMG v2.3 §5.5.2, IAB-14): of every tenant that has one. */
export async function lapsedInclusions(sql: Sql, at: Date): Promise<{ tenantId: string; entries: number }[]> {
  return sql(`SELECT tenant_id AS "tenantId", entries::float8 AS entries FROM lapsed_inclusions($1)`, [
    new Date(at.getTime() - INCLUSION_MS),
  ]);
}

/** Puts a block on a list. False when an entry of either list stands for exactly this block. */
export async function insertAddressEntry(
  sql: Sql,
  tenantId: TenantId,
  {
    id,
    kind,
    network,
    reason,
    createdBy,
  }: Pick<AddressEntryRow, 'id' | 'kind' | 'network' | 'reason' | 'createdBy'>,
): Promise<boolean> {
  const rows = await sql(
    `INSERT INTO address_lists (tenant_id, id, kind, network, reason, created_by)
     SELECT $1, $2, $3, $4::cidr, $5, $6
     WHERE NOT EXISTS (SELECT FROM address_lists WHERE tenant_id = $1 AND removed_at IS NULL AND network = $4::cidr)
     RETURNING 1`,
    [tenantId, id, kind, network, reason, createdBy],
  );
  return rows.length === 1;
}

/** Says that somebody looked at an entry now. False when it does not stand. */
export async function validateAddressEntry(sql: Sql, tenantId: TenantId, id: string): Promise<boolean> {
  const rows = await sql(
    `UPDATE address_lists SET validated_at = now() WHERE tenant_id = $1 AND id = $2 AND removed_at IS NULL RETURNING 1`,
    [tenantId, id],
  );
  return rows.length === 1;
}

/** Takes an entry off its list; the row stays. False when it does not stand. */
export async function removeAddressEntry(sql: Sql, tenantId: TenantId, id: string): Promise<boolean> {
  const rows = await sql(
    `UPDATE address_lists SET removed_at = now() WHERE tenant_id = $1 AND id = $2 AND removed_at IS NULL RETURNING 1`,
    [tenantId, id],
  );
  return rows.length === 1;
}
