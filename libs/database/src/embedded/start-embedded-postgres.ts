import { mkdir, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type {
  EmbeddedPostgres,
  EmbeddedPostgresOptions,
  PostgresPackage,
} from './embedded-postgres.contract.js';
import { EmbeddedPostgresError } from './embedded-postgres.errors.js';
import { bringUpServer } from './bring-up-server.js';
import { initialiseCluster } from './initialise-cluster.js';
import { locatePostgresPackage } from './locate-postgres-package.js';
import { placeCluster } from './place-cluster.js';
import { randomPassword, readOrCreateSecrets } from './secrets.js';
import { checkSettings } from './server-settings.js';
import { usablePackage } from './usable-package.js';

const superuserName = 'podcast_superuser';

/**
 * Starts this product's own PostgreSQL, creating its cluster on first use, and resolves when it accepts connections.
 *
 * A server that already runs on the data directory is adopted: two starts at once, in one process or in two, end up
 * with the same server, and each one's `stop()` stops it for both. An adopted server keeps its settings and, on
 * Linux, still shuts down with the process that started it.
 *
 * Every failure is an `EmbeddedPostgresError`, and leaves no process behind.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { settings = {}, log = () => undefined, startTimeoutSeconds = 60 } = options;
  checkSettings(settings);
  const installed = await locatePostgresPackage(options.packageDirectory);
  const dataDir = resolve(options.dataDir);
  try {
    return await start(dataDir, installed, { settings, log, startTimeoutSeconds });
  } catch (error) {
    if (error instanceof EmbeddedPostgresError) throw error;
    throw new EmbeddedPostgresError(
      'data_dir_unusable',
      `PostgreSQL cannot be kept in ${dataDir}: ${String(error)}`,
      {
        cause: error,
      },
    );
  }
}

async function start(
  requestedDataDir: string,
  installed: PostgresPackage,
  options: Required<Omit<EmbeddedPostgresOptions, 'dataDir' | 'packageDirectory'>>,
): Promise<EmbeddedPostgres> {
  await mkdir(requestedDataDir, { recursive: true });
  const dataDir = await realpath(requestedDataDir);
  const place = await placeCluster(dataDir, options.log);
  const programs = await usablePackage(installed, place.account);
  const secrets = await readOrCreateSecrets(join(dataDir, 'secrets', 'superuser.json'), {
    user: superuserName,
    password: randomPassword(),
  });
  const superuser = { user: secrets['user'] ?? superuserName, password: secrets['password'] ?? '' };
  if (await initialiseCluster(programs, place, superuser))
    options.log(`created a PostgreSQL cluster in ${place.data}`);
  return bringUpServer({ dataDir, place, programs, superuser, ...options });
}
