import type { RolePool } from '@lib/database';
import { DomainError } from '@lib/primitives';
import { hashSecret, mintCredential } from '../domain/credential.js';
import {
  endPlatformKey,
  insertPlatformKey,
  readPlatformKeys,
  type PlatformKeyRow,
} from '../infrastructure/platform-keys.sql.js';

// Every function takes a pool that acts as `podcast_owner`: no serving process has one, so none can mint or end such a key.

/** Mints a platform key and returns its text, the only time it can be read. */
export async function createPlatformKey(owner: RolePool, pepper: string, name: string): Promise<string> {
  const credential = mintCredential('platform');
  await owner.transaction((sql) =>
    insertPlatformKey(sql, credential.keyId, name, hashSecret(pepper, credential.secret)),
  );
  return credential.text;
}

/** Every platform key, newest first, revoked ones included. */
export function listPlatformKeys(owner: RolePool): Promise<PlatformKeyRow[]> {
  return owner.transaction(readPlatformKeys);
}

/**
 * Ends a platform key; every instance stops accepting it within 5 seconds.
 * @throws DomainError `key_not_found` (404)
 */
export async function revokePlatformKey(owner: RolePool, keyId: string): Promise<PlatformKeyRow> {
  const row = await owner.transaction((sql) => endPlatformKey(sql, keyId));
  if (row === undefined)
    throw new DomainError('key_not_found', 404, 'There is no platform key with that id.');
  return row;
}
