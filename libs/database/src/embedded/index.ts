/**
 * The PostgreSQL that comes with the product: started from npm's platform package without installation, reached
 * through a Unix socket, stopped with the process that started it. Production uses a server of its own.
 */
export type { EmbeddedPostgres, ServerLogin } from './embedded-postgres.contract.js';
export { ensureRoleLogins } from './ensure-role-logins.js';
export { startEmbeddedPostgres } from './start-embedded-postgres.js';
