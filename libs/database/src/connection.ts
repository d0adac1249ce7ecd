import { parse, toClientConfig } from 'pg-connection-string';
import type { PoolConfig } from 'pg';

/** The roles that a process can act as. Only `podcast_owner`, for migrations and the CLI, owns anything. */
export type DatabaseRole =
  'podcast_app' | 'podcast_maintenance' | 'podcast_admin' | 'podcast_queue' | 'podcast_owner';

/** pg's connection options for a URL; understands `?host=/socket/dir` and the `sslmode` forms of libpq. */
export function connectionConfig(url: string): PoolConfig {
  return toClientConfig(parse(url));
}

/**
 * The statement that makes a transaction act as `role`, or nothing when the login already is that role.
 *
 * A login that is the role never changes role, so it is not exposed to plans cached across role changes
 * (fixed in PostgreSQL 15.19). Poolers that write the login as `role.project` are understood.
 */
export function assumeRole(url: string, role: DatabaseRole): string {
  const login = parse(url).user ?? '';
  return login === role || login.startsWith(`${role}.`) ? '' : `SET LOCAL ROLE ${role}; `;
}
