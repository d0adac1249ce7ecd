import { Client } from 'pg';
import type { ServerLogin } from './embedded-postgres.contract.js';
import { EmbeddedPostgresError } from './embedded-postgres.errors.js';
import { randomPassword, readOrCreateSecrets, replaceSecrets } from './secrets.js';
import { superuserConnection } from './wait-until-ready.js';

const attributes = 'LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS NOINHERIT';

/**
 * Makes every role a login with a password of its own and returns the passwords by role. They are kept in the given
 * file (JSON, mode 0600) and used again by the next call; a role that exists gets its attributes and password set
 * again. Memberships and grants are left alone: those belong to the migrations.
 * Throws `role_name_invalid` for names that would need quoting, `secret_unreadable` for a damaged file.
 */
export async function ensureRoleLogins(
  server: ServerLogin,
  secretsFile: string,
  roles: readonly string[],
): Promise<Record<string, string>> {
  roles.forEach(checkRoleName);
  const superuser = { user: server.superuser, password: server.superuserPassword };
  const client = new Client(superuserConnection(server.host, server.port, superuser));
  client.on('error', () => undefined);
  await client.connect();
  try {
    // One caller at a time: two that each invent a password would leave the file and the server apart.
    await client.query("SELECT pg_advisory_lock(hashtext('embedded role logins'))");
    const passwords = await completeSecrets(secretsFile, roles);
    await applyPasswords(client, roles, passwords);
    return Object.fromEntries(roles.map((role) => [role, passwords[role] as string]));
  } finally {
    await client.end();
  }
}

async function completeSecrets(file: string, roles: readonly string[]): Promise<Record<string, string>> {
  const fresh = Object.fromEntries(roles.map((role) => [role, randomPassword()]));
  const kept = await readOrCreateSecrets(file, fresh);
  const complete = { ...fresh, ...kept };
  if (roles.some((role) => kept[role] === undefined)) await replaceSecrets(file, complete);
  return complete;
}

async function applyPasswords(
  client: Client,
  roles: readonly string[],
  passwords: Readonly<Record<string, string>>,
): Promise<void> {
  await client.query('BEGIN');
  // A statement that fails would otherwise be written to the server's log with the password in it.
  await client.query("SET LOCAL log_min_error_statement = 'panic'; SET LOCAL log_statement = 'none'");
  for (const role of roles) {
    const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
    if (rowCount === 0) await client.query(`CREATE ROLE ${role}`);
    const password = client.escapeLiteral(passwords[role] as string);
    await client.query(`ALTER ROLE ${role} ${attributes} PASSWORD ${password}`);
  }
  await client.query('COMMIT');
}

function checkRoleName(role: string): void {
  if (/^[a-z_][a-z0-9_]{0,62}$/.test(role)) return;
  throw new EmbeddedPostgresError(
    'role_name_invalid',
    `${JSON.stringify(role)} is not a plain lower-case role name.`,
  );
}
