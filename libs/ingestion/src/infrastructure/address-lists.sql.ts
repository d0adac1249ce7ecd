import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** An entry as it is stored. */
export interface StoredAddressEntry {
  readonly id: string;
  readonly kind: 'included' | 'excluded';
  /** In CIDR notation. */
  readonly network: string;
  /** When somebody last looked whether the entry is still right. */
  readonly validatedAt: Date;
}

/** The tenant's entries that were not taken off the list. */
export function standingAddressEntries(sql: Sql, tenantId: TenantId): Promise<StoredAddressEntry[]> {
  return sql<StoredAddressEntry>(
    `SELECT id, kind, network::text AS network, validated_at AS "validatedAt" FROM address_lists
     WHERE tenant_id = $1 AND removed_at IS NULL ORDER BY created_at, id`,
    [tenantId],
  );
}
