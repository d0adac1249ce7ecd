import type { Sql } from '@lib/database';

export interface StoredKey {
  tenantId: string;
  kind: 'secret' | 'ingest_token';
  scopes: string[];
  trustedSender: boolean;
  secretHash: Buffer;
  expiresAt: Date | null;
  revokedAt: Date | null;
  tenantStatus: 'active' | 'suspended';
}

/** The tenant's key behind `keyId`, of whatever tenant. Runs as `podcast_app` without a tenant. */
export async function resolveApiKey(sql: Sql, keyId: string): Promise<StoredKey | undefined> {
  const rows = await sql<StoredKey>(
    `SELECT tenant_id AS "tenantId", kind, scopes, trusted_sender AS "trustedSender", secret_hash AS "secretHash",
            expires_at AS "expiresAt", revoked_at AS "revokedAt", tenant_status AS "tenantStatus"
     FROM resolve_api_key($1)`,
    [keyId],
  );
  return rows[0];
}

export interface StoredPlatformKey {
  name: string;
  secretHash: Buffer;
  revokedAt: Date | null;
}

/** The platform key behind `keyId`. Runs as `podcast_app` without a tenant. */
export async function resolvePlatformKey(sql: Sql, keyId: string): Promise<StoredPlatformKey | undefined> {
  const rows = await sql<StoredPlatformKey>(
    `SELECT name, secret_hash AS "secretHash", revoked_at AS "revokedAt" FROM resolve_platform_key($1)`,
    [keyId],
  );
  return rows[0];
}
