import { Global, Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import type { Settings } from '@lib/config';
import { Counter } from 'prom-client';
import { AppDataSource, type AppDataSourceOptions } from './app-data-source.js';
import type { DatabaseRole } from './connection.js';
import { RolePool } from './role-pool.js';
import { TenantDb } from './tenant-db.js';

/** `podcast_app` outside a tenant: key look-up, work lists, and the ingest committer with a tenant's prologue. */
export const APP_POOL = Symbol('APP_POOL');
/** `podcast_maintenance`: partitions and retention. */
export const MAINTENANCE_POOL = Symbol('MAINTENANCE_POOL');
/** `podcast_admin`: reads across tenants for the internal team. */
export const ADMIN_POOL = Symbol('ADMIN_POOL');

export interface DatabaseModuleOptions {
  settings: Settings;
  entities: AppDataSourceOptions['entities'];
  /** Told of errors on idle connections; the pools replace such connections by themselves. */
  onError: (error: Error) => void;
}

const destroyed = new Counter({
  name: 'database_clients_destroyed_total',
  help: 'Connections destroyed because they came back to their pool inside a transaction. Anything above 0 is a defect.',
});

/** Builds a pool that acts as `role`. The caller ends it. */
export function createRolePool(
  settings: Settings,
  onError: (error: Error) => void,
  role: DatabaseRole,
  url: string,
  max: number,
): RolePool {
  return new RolePool({
    url,
    role,
    max,
    connectionTimeoutMs: settings.connectionTimeoutMs,
    statementTimeoutMs: settings.statementTimeoutMs,
    lockTimeoutMs: settings.lockTimeoutMs,
    onError,
    onGuardDestroyed: () => destroyed.inc(),
  });
}

/** The database for a whole process. Connections open at first use and close at shutdown. */
@Global()
@Module({})
export class DatabaseModule implements OnApplicationShutdown {
  constructor(
    @Inject(AppDataSource) private readonly source: AppDataSource,
    @Inject(APP_POOL) private readonly app: RolePool,
    @Inject(MAINTENANCE_POOL) private readonly maintenance: RolePool,
    @Inject(ADMIN_POOL) private readonly admin: RolePool,
  ) {}

  static register({ settings, entities, onError }: DatabaseModuleOptions): DynamicModule {
    const pool = (token: symbol, role: DatabaseRole, url: string | undefined, max: number) => ({
      provide: token,
      useFactory: () => createRolePool(settings, onError, role, url ?? settings.databaseUrl, max),
    });
    const source = new AppDataSource({
      url: settings.databaseUrl,
      replicaUrls: settings.databaseReplicaUrls,
      poolSize: settings.databasePoolSize,
      connectionTimeoutMs: settings.connectionTimeoutMs,
      statementTimeoutMs: settings.statementTimeoutMs,
      lockTimeoutMs: settings.lockTimeoutMs,
      replicaMaxLagMs: settings.replicaMaxLagMs,
      entities,
      onError,
      onGuardDestroyed: () => destroyed.inc(),
    });
    return {
      module: DatabaseModule,
      providers: [
        { provide: AppDataSource, useValue: source },
        TenantDb,
        pool(APP_POOL, 'podcast_app', settings.databaseUrl, settings.ingestPoolSize),
        pool(MAINTENANCE_POOL, 'podcast_maintenance', settings.maintenanceDatabaseUrl, 2),
        pool(ADMIN_POOL, 'podcast_admin', settings.adminDatabaseUrl, 2),
      ],
      exports: [TenantDb, APP_POOL, MAINTENANCE_POOL, ADMIN_POOL],
    };
  }

  /** Runs after the HTTP server and the workers have stopped, so nothing is in flight. */
  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.source.close(), this.app.end(), this.maintenance.end(), this.admin.end()]);
  }
}
