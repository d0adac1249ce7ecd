import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** One key's place: its purpose and the first UTC day of its period. */
export interface KeySlot {
  purpose: 'count' | 'audience_a' | 'audience_b' | 'net';
  period: string;
  destroyAfter: Date;
  keyEnc: Buffer;
}

export interface StoredListenerKey {
  purpose: string;
  period: string;
  /** Null when the key was destroyed; a second one is never minted in its place. */
  keyEnc: Buffer | null;
}

/** Live traffic's import id. */
export const LIVE = '00000000-0000-0000-0000-000000000000';

/**
 * Stores each key unless its slot was ever taken, and returns what the slots hold. Every instance ends up with the same
 * keys, whoever was first.
 */
export async function insertOrReadKeys(
  sql: Sql,
  tenantId: TenantId,
  slots: readonly KeySlot[],
  importId = LIVE,
): Promise<StoredListenerKey[]> {
  const columns = [
    slots.map((slot) => slot.purpose),
    slots.map((slot) => slot.period),
    slots.map((slot) => slot.keyEnc),
    slots.map((slot) => slot.destroyAfter.toISOString()),
  ];
  await sql(
    `INSERT INTO listener_keys (tenant_id, purpose, period, key_enc, destroy_after, import_id)
     SELECT $1, purpose, period, key_enc, destroy_after, $6
     FROM unnest($2::text[], $3::date[], $4::bytea[], $5::timestamptz[]) AS k (purpose, period, key_enc, destroy_after)
     ORDER BY purpose, period
     ON CONFLICT DO NOTHING`,
    [tenantId, ...columns, importId],
  );
  return sql<StoredListenerKey>(
    `SELECT purpose, period::text, key_enc AS "keyEnc" FROM listener_keys
     WHERE tenant_id = $1 AND import_id = $4
       AND (purpose, period) IN (SELECT * FROM unnest($2::text[], $3::date[]))`,
    [tenantId, columns[0], columns[1], importId],
  );
}

/** A key that is not destroyed, sealed. */
export interface SealedKey {
  purpose: string;
  period: string;
  importId: string;
  keyEnc: Buffer;
}

/** All keys of the tenant's listeners that are not destroyed; those of addresses alone name nobody. */
export function liveKeys(sql: Sql, tenantId: TenantId): Promise<SealedKey[]> {
  return sql<SealedKey>(
    `SELECT purpose, period::text, import_id AS "importId", key_enc AS "keyEnc" FROM listener_keys
     WHERE tenant_id = $1 AND key_enc IS NOT NULL AND purpose <> 'net' ORDER BY period, purpose, import_id`,
    [tenantId],
  );
}

/** Destroys the tenant's keys whose time has come. Nulling the key is the deletion: its ids lead nowhere any more. */
export async function destroyDueKeys(sql: Sql, tenantId: TenantId): Promise<number> {
  const rows = await sql(
    `UPDATE listener_keys SET key_enc = NULL, destroyed_at = now()
     WHERE tenant_id = $1 AND destroyed_at IS NULL AND destroy_after <= now() RETURNING 1 AS one`,
    [tenantId],
  );
  return rows.length;
}

/** Tenants that hold keys to destroy. Runs as `podcast_maintenance`, which cannot read the keys themselves. */
export async function tenantsWithDueKeys(sql: Sql): Promise<TenantId[]> {
  const rows = await sql<{ tenantId: TenantId }>(
    `SELECT DISTINCT tenant_id AS "tenantId" FROM listener_keys WHERE destroyed_at IS NULL AND destroy_after <= now()`,
  );
  return rows.map((row) => row.tenantId);
}

/** For how long the tenant's ids of listeners hold. */
export interface KeyPeriods {
  /** Days of an audience-key period. */
  audienceDays: number;
  /** Days back that exposures are matched by address; null where they are not. */
  lookbackDays: number | null;
}

/** The tenant's decisions about its keys; the defaults where it has made none. */
export async function keyPeriods(sql: Sql, tenantId: TenantId): Promise<KeyPeriods> {
  const [row] = await sql<KeyPeriods>(
    `SELECT audience_period_days AS "audienceDays",
            (configuration -> 'privacy' ->> 'attributionLookbackDays')::integer AS "lookbackDays"
     FROM tenant_settings WHERE tenant_id = $1`,
    [tenantId],
  );
  return row ?? { audienceDays: 90, lookbackDays: null };
}
