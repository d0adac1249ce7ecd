import type { Sql } from '@lib/database';
import type { Scope } from '@lib/http';
import type { TenantId } from '@lib/primitives';

/** A key as its tenant sees it: never the secret, never its hash. */
export interface ApiKeyRow {
  keyId: string;
  kind: 'secret' | 'ingest_token';
  name: string;
  scopes: Scope[];
  trustedSender: boolean;
  createdAt: Date;
  expiresAt: Date | null;
  revokedAt: Date | null;
  lastUsedAt: Date | null;
}

const COLUMNS = `key_id AS "keyId", kind, name, scopes, trusted_sender AS "trustedSender", created_at AS "createdAt",
  expires_at AS "expiresAt", revoked_at AS "revokedAt", last_used_at AS "lastUsedAt"`;

export interface NewApiKey {
  keyId: string;
  kind: 'secret' | 'ingest_token';
  name: string;
  scopes: readonly Scope[];
  trustedSender: boolean;
  secretHash: Buffer;
  expiresAt: Date | null;
}

/** Stores a key and returns it as its tenant sees it. */
export async function insertApiKey(sql: Sql, tenantId: TenantId, key: NewApiKey): Promise<ApiKeyRow> {
  const [row] = await sql<ApiKeyRow>(
    `INSERT INTO api_keys (tenant_id, key_id, kind, name, scopes, trusted_sender, secret_hash, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING ${COLUMNS}`,
    [tenantId, key.keyId, key.kind, key.name, key.scopes, key.trustedSender, key.secretHash, key.expiresAt],
  );
  if (row === undefined) throw new Error('INSERT … RETURNING returned no row');
  return row;
}

/** Every key of the tenant, newest first, revoked ones included. */
export function listApiKeys(sql: Sql, tenantId: TenantId): Promise<ApiKeyRow[]> {
  return sql<ApiKeyRow>(
    `SELECT ${COLUMNS} FROM api_keys WHERE tenant_id = $1 ORDER BY created_at DESC, key_id`,
    [tenantId],
  );
}

/** Ends a key; the first end stands. Undefined when the tenant has no such key. */
export async function revokeApiKey(
  sql: Sql,
  tenantId: TenantId,
  keyId: string,
): Promise<ApiKeyRow | undefined> {
  const rows = await sql<ApiKeyRow>(
    `WITH ended AS (
       UPDATE api_keys SET revoked_at = coalesce(revoked_at, now()) WHERE tenant_id = $1 AND key_id = $2 RETURNING *
     ) SELECT ${COLUMNS} FROM ended`,
    [tenantId, keyId],
  );
  return rows[0];
}

/** Notes when keys were last used. `usedAt` runs parallel to `keyIds`. */
export async function touchApiKeys(
  sql: Sql,
  tenantId: TenantId,
  keyIds: string[],
  usedAt: Date[],
): Promise<void> {
  await sql(
    `UPDATE api_keys k SET last_used_at = u.used_at
     FROM unnest($2::text[], $3::timestamptz[]) AS u (key_id, used_at)
     WHERE k.tenant_id = $1 AND k.key_id = u.key_id AND (k.last_used_at IS NULL OR k.last_used_at < u.used_at)`,
    [tenantId, keyIds, usedAt],
  );
}
