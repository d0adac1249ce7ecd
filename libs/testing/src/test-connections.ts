import { AppDataSource, createRolePool, TenantDb, type RolePool } from '@lib/database';
import type { Settings } from '@lib/config';
import { testSettings, type TestDatabase } from './test-database.js';

/** The connections of a process, without the process. */
export interface TestConnections {
  readonly settings: Settings;
  readonly db: TenantDb;
  readonly app: RolePool;
  readonly maintenance: RolePool;
  close(): Promise<void>;
}

/** Connects to a test database as a process would. `overrides` are environment variables. */
export function connectTestDatabase(
  database: TestDatabase,
  overrides: Record<string, string> = {},
): TestConnections {
  const settings = testSettings(database, overrides);
  const ignore = () => undefined;
  const source = new AppDataSource({
    url: settings.databaseUrl,
    replicaUrls: [],
    poolSize: settings.databasePoolSize,
    connectionTimeoutMs: settings.connectionTimeoutMs,
    statementTimeoutMs: settings.statementTimeoutMs,
    lockTimeoutMs: settings.lockTimeoutMs,
    replicaMaxLagMs: settings.replicaMaxLagMs,
    entities: [],
    onError: ignore,
    onGuardDestroyed: ignore,
  });
  const app = createRolePool(settings, ignore, 'podcast_app', settings.databaseUrl, 4);
  const maintenance = createRolePool(settings, ignore, 'podcast_maintenance', database.urls.maintenance, 2);
  return {
    settings,
    db: new TenantDb(source),
    app,
    maintenance,
    close: async () => {
      await Promise.all([source.close(), app.end(), maintenance.end()]);
    },
  };
}
