import type { RolePool } from '@lib/database';
import { hashSecret, mintCredential } from '../domain/credential.js';
import { insertPlatformKey } from '../infrastructure/platform-keys.sql.js';

/**
 * Mints a platform key and returns its text, the only time it can be read.
 * @param owner a pool that acts as `podcast_owner`: no serving process has one
 */
export async function createPlatformKey(owner: RolePool, pepper: string, name: string): Promise<string> {
  const credential = mintCredential('platform');
  await owner.transaction((sql) =>
    insertPlatformKey(sql, credential.keyId, name, hashSecret(pepper, credential.secret)),
  );
  return credential.text;
}
