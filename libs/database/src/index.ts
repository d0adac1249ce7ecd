/**
 * The database: one way to a tenant's rows (`TenantDb`), pools for the other roles, the schema's migration and the
 * checks that the catalogue and the login keep tenants apart.
 */
export { AppDataSource, tenantContext } from './app-data-source.js';
export { catalogueFaults } from './catalogue-faults.sql.js';
export { assumeRole, connectionConfig, type DatabaseRole } from './connection.js';
export { ADMIN_POOL, APP_POOL, createRolePool, DatabaseModule, MAINTENANCE_POOL } from './database.module.js';
export { databaseUnavailable } from './database-unavailable.js';
export { engineFault } from './engine-fault.sql.js';
export * from './embedded/index.js';
export {
  deltaNames,
  MASTER_SCHEMA,
  migrate,
  migrationsDirectory,
  pendingDeltas,
  type MigrationOutcome,
} from './migrate.js';
export { ownerSession } from './owner-session.js';
export { projectRoot } from './project-root.js';
export { roleFaults } from './role-faults.sql.js';
export { RolePool, type Sql } from './role-pool.js';
export { TenantDb, type TenantScope } from './tenant-db.js';
export { PooledClient } from './pooled-client.js';
