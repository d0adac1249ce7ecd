/**
 * The PostgreSQL that comes with the product: started from npm's platform package without installation, reached
 * through a Unix socket, stopped with the process that started it. Production uses a server of its own.
 */
export type { EmbeddedPostgres, EmbeddedPostgresOptions } from './embedded-postgres.contract.js';
export { EmbeddedPostgresError, type EmbeddedPostgresErrorCode } from './embedded-postgres.errors.js';
export { ensureRoleLogins } from './ensure-role-logins.js';
export { startEmbeddedPostgres } from './start-embedded-postgres.js';
