import { createRolePool } from '@lib/database';
import { createPlatformKey } from '@lib/tenants';
import type { OpenedSettings } from '../open-settings.js';

/** Mints a platform key as `podcast_owner` and returns its text, the only time it can be read. */
export async function mintPlatformKey({ settings, ownerUrl }: OpenedSettings, name: string): Promise<string> {
  const owner = createRolePool(settings, () => undefined, 'podcast_owner', ownerUrl, 1);
  try {
    return await createPlatformKey(owner, settings.apiKeyPepper, name);
  } finally {
    await owner.end();
  }
}
