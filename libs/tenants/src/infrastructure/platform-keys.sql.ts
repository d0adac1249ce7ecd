import type { Sql } from '@lib/database';

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
