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
  keyEnc: Buffer;
}

/** Live traffic's import id. */
export const LIVE = '00000000-0000-0000-0000-000000000000';

/**
 * Stores each key unless its slot was ever taken, and returns what the slots hold: nothing where the key was destroyed.
 * Every instance ends up with the same keys, whoever was first.
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
    `WITH slots AS (
       SELECT * FROM unnest($2::text[], $3::date[], $4::bytea[], $5::timestamptz[])
         AS k (purpose, period, key_enc, destroy_after)
     ), fresh AS (
       INSERT INTO listener_keys (tenant_id, purpose, period, destroy_after, import_id)
       SELECT $1, purpose, period, destroy_after, $6 FROM slots ORDER BY purpose, period
       ON CONFLICT DO NOTHING
       RETURNING purpose, period
     )
     INSERT INTO listener_key_secrets (tenant_id, purpose, period, import_id, key_enc)
     SELECT $1, purpose, period, $6, key_enc FROM fresh JOIN slots USING (purpose, period)`,
    [tenantId, ...columns, importId],
  );
  return sql<StoredListenerKey>(
    `SELECT purpose, period::text, key_enc AS "keyEnc" FROM listener_key_secrets
     WHERE tenant_id = $1 AND import_id = $4
       AND (purpose, period) IN (SELECT * FROM unnest($2::text[], $3::date[]))`,
    [tenantId, columns[0], columns[1], importId],
  );
}

/**
 * Stores new keys for slots of live traffic that are not due, and whose keys a restored backup did not bring back. The lock
 * keeps out whoever destroys keys at the same moment: in the place of a destroyed one there is never another.
 */
export async function replaceLostKeys(
  sql: Sql,
  tenantId: TenantId,
  slots: readonly KeySlot[],
): Promise<void> {
  await sql(
    `WITH lost AS (
       SELECT k.purpose, k.period, n.key_enc FROM listener_keys k
       JOIN unnest($2::text[], $3::date[], $4::bytea[]) AS n (purpose, period, key_enc) USING (purpose, period)
       WHERE k.tenant_id = $1 AND k.import_id = $5 AND k.destroyed_at IS NULL AND k.destroy_after > now()
         AND NOT EXISTS (SELECT FROM listener_key_secrets s
                         WHERE s.tenant_id = $1 AND s.purpose = k.purpose AND s.period = k.period AND s.import_id = $5)
       ORDER BY k.purpose, k.period
       FOR UPDATE OF k
     )
     INSERT INTO listener_key_secrets (tenant_id, purpose, period, import_id, key_enc)
     SELECT $1, purpose, period, $5, key_enc FROM lost
     ON CONFLICT DO NOTHING`,
    [
      tenantId,
      slots.map((slot) => slot.purpose),
      slots.map((slot) => slot.period),
      slots.map((slot) => slot.keyEnc),
      LIVE,
    ],
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
    `SELECT purpose, period::text, import_id AS "importId", key_enc AS "keyEnc" FROM listener_key_secrets
     WHERE tenant_id = $1 AND purpose <> 'net' ORDER BY period, purpose, import_id`,
    [tenantId],
  );
}

/** Destroys the tenant's keys whose time has come: its ids lead nowhere any more. */
export async function destroyDueKeys(sql: Sql, tenantId: TenantId): Promise<number> {
  const rows = await sql(
    `WITH due AS (
       UPDATE listener_keys SET destroyed_at = now()
       WHERE tenant_id = $1 AND destroyed_at IS NULL AND destroy_after <= now()
       RETURNING purpose, period, import_id
     ), destroyed AS (
       DELETE FROM listener_key_secrets s USING due
       WHERE s.tenant_id = $1 AND s.purpose = due.purpose AND s.period = due.period AND s.import_id = due.import_id
     )
     SELECT FROM due`,
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
