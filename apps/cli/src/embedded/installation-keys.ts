import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { keepSecretFile } from '../keep-secret-file.js';

/** Secrets of one installation that no server could give back. Losing the first ends every API key. */
export interface InstallationKeys {
  API_KEY_PEPPER: string;
  PRIVACY_MASTER_KEY: string;
}

/** Where an installation keeps its secrets. */
export function secretsDirectory(dataDir: string): string {
  return join(dataDir, 'secrets');
}

/** The installation's keys from `.data/secrets/keys.json`, minted at the first call. */
export async function installationKeys(dataDir: string): Promise<InstallationKeys> {
  const kept = (await keepSecretFile(join(secretsDirectory(dataDir), 'keys.json'), {
    API_KEY_PEPPER: randomBytes(32).toString('base64url'),
    PRIVACY_MASTER_KEY: randomBytes(32).toString('base64'),
  })) as InstallationKeys;
  return { API_KEY_PEPPER: kept.API_KEY_PEPPER, PRIVACY_MASTER_KEY: kept.PRIVACY_MASTER_KEY };
}
