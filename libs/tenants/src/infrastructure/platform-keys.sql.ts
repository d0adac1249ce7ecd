import type { Sql } from '@lib/database';

/** A platform key as people may see it: never the secret, never its hash. */
export interface PlatformKeyRow {
  keyId: string;
  name: string;
  createdAt: Date;
  revokedAt: Date | null;
}

const COLUMNS = 'key_id AS "keyId", name, created_at AS "createdAt", revoked_at AS "revokedAt"';

/** Stores a platform key. Runs as `podcast_owner`: no serving process may mint one. */
export async function insertPlatformKey(
  sql: Sql,
  keyId: string,
  name: string,
  secretHash: Buffer,
): Promise<void> {
  await sql('INSERT INTO platform_keys (key_id, name, secret_hash) VALUES ($1, $2, $3)', [
    keyId,
    name,
    secretHash,
  ]);
}

/** Every platform key, newest first, revoked ones included. Runs as `podcast_owner`. */
export function readPlatformKeys(sql: Sql): Promise<PlatformKeyRow[]> {
  return sql<PlatformKeyRow>(`SELECT ${COLUMNS} FROM platform_keys ORDER BY created_at DESC, key_id`);
}

/** Ends a platform key; the first end stands. Undefined when there is none. Runs as `podcast_owner`. */
export async function endPlatformKey(sql: Sql, keyId: string): Promise<PlatformKeyRow | undefined> {
  const rows = await sql<PlatformKeyRow>(
    `WITH ended AS (
       UPDATE platform_keys SET revoked_at = coalesce(revoked_at, now()) WHERE key_id = $1 RETURNING *
     ) SELECT ${COLUMNS} FROM ended`,
    [keyId],
  );
  return rows[0];
}
