import type { Settings } from '@lib/config';
import type { CommandIo } from '../command-io.js';

/** Variables that name a database or a login: each child gets its own from the settings, and no other. */
const DATABASE_VARIABLES = [
  'DATABASE_URL',
  'DATABASE_REPLICA_URLS',
  'MIGRATION_DATABASE_URL',
  'MAINTENANCE_DATABASE_URL',
  'ADMIN_DATABASE_URL',
  'QUEUE_DATABASE_URL',
  'POSTGRES_HOST',
  'POSTGRES_PORT',
  'POSTGRES_DATABASE',
  'POSTGRES_USER',
  'POSTGRES_PASSWORD',
];

export type ChildName = 'api' | 'worker';

/**
 * The environment of one child: what was given to us, with the URLs of the child's own roles and no others. The login that
 * may change the schema goes to neither, but for the worker where TIME_SERIES_ENGINE is timescale: only the owner of
 * TimescaleDB's hypertables may compute their aggregates.
 */
export function childEnvironment(
  child: ChildName,
  given: CommandIo['environment'],
  settings: Settings,
): Record<string, string> {
  const kept = Object.entries(given).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !DATABASE_VARIABLES.includes(entry[0]),
  );
  const roles =
    child === 'api'
      ? {
          SPOOL_DIR: settings.spoolDir,
          ADMIN_DATABASE_URL: settings.adminDatabaseUrl,
          DATABASE_REPLICA_URLS: settings.databaseReplicaUrls.join(',') || undefined,
        }
      : {
          MAINTENANCE_DATABASE_URL: settings.maintenanceDatabaseUrl,
          MIGRATION_DATABASE_URL:
            settings.timeSeriesEngine === 'timescale' ? settings.migrationDatabaseUrl : undefined,
          QUEUE_DATABASE_URL: settings.queueDatabaseUrl,
        };
  const own = Object.entries(roles).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return {
    ...Object.fromEntries(kept),
    ...Object.fromEntries(own),
    DATABASE_URL: settings.databaseUrl,
    API_KEY_PEPPER: settings.apiKeyPepper,
    PRIVACY_MASTER_KEY: settings.privacyMasterKey,
    BIND_ADDRESS: settings.bindAddress,
    PORT: String(settings.port),
    WORKER_PORT: String(settings.workerPort),
    SHUTDOWN_DRAIN_MS: String(settings.shutdownDrainMs),
  };
}
