import { createRolePool, type RolePool } from '@lib/database';
import type { OpenedSettings } from '../open-settings.js';

/** Works as `podcast_owner`, the only role that may touch platform keys: no serving process can take it. */
export async function asOwner<T>(
  { settings, ownerUrl }: OpenedSettings,
  work: (owner: RolePool) => Promise<T>,
): Promise<T> {
  const owner = createRolePool(settings, () => undefined, 'podcast_owner', ownerUrl, 1);
  try {
    return await work(owner);
  } finally {
    await owner.end();
  }
}
