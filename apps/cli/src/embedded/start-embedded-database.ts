import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ensureRoleLogins, startEmbeddedPostgres, type EmbeddedPostgres } from '@lib/database';
import { connectAsLogin } from '../connect-as-login.js';
import { installationKeys, secretsDirectory } from './installation-keys.js';

/** The database of the embedded server. */
const DATABASE = 'podcast';
const LOGINS = ['podcast_app', 'podcast_maintenance', 'podcast_admin', 'podcast_queue'] as const;

/** The embedded server with everything that a process needs to use it. */
export interface EmbeddedDatabase {
  readonly server: EmbeddedPostgres;
  /** Variables of every role but the owner, and the installation's keys. */
  readonly environment: Readonly<Record<string, string>>;
  /** The superuser's URL: for migrations and platform keys, never for a serving process. */
  readonly ownerUrl: string;
  /** The superuser's URL of the database that always exists. */
  readonly serverUrl: string;
}

/** True when an embedded server has been set up in this data directory. */
export function hasEmbeddedDatabase(dataDir: string): boolean {
  return existsSync(join(secretsDirectory(dataDir), 'superuser.json'));
}

/**
 * Starts the embedded server, or joins the one that runs, creates its database and one login for each role. The
 * schema is the caller's to migrate.
 * @throws EmbeddedPostgresError
 */
export async function startEmbeddedDatabase(
  dataDir: string,
  log: (line: string) => void = () => undefined,
): Promise<EmbeddedDatabase> {
  const server = await startEmbeddedPostgres({ dataDir, log });
  try {
    const asSuperuser = (database: string) =>
      server.url(server.superuser, server.superuserPassword, database);
    await createDatabase(asSuperuser('postgres'));
    const passwords = await ensureRoleLogins(server, join(secretsDirectory(dataDir), 'logins.json'), LOGINS);
    const url = (role: (typeof LOGINS)[number]) => server.url(role, passwords[role] ?? '', DATABASE);
    return {
      server,
      ownerUrl: asSuperuser(DATABASE),
      serverUrl: asSuperuser('postgres'),
      environment: {
        DATABASE_URL: url('podcast_app'),
        DATABASE_REPLICA_URLS: '', // those of the environment are copies of another database
        MAINTENANCE_DATABASE_URL: url('podcast_maintenance'),
        ADMIN_DATABASE_URL: url('podcast_admin'),
        QUEUE_DATABASE_URL: url('podcast_queue'),
        ...(await installationKeys(dataDir)),
      },
    };
  } catch (error) {
    if (!server.adopted) await server.stop();
    throw error;
  }
}

async function createDatabase(url: string): Promise<void> {
  const session = await connectAsLogin(url);
  try {
    const found = await session.sql('SELECT FROM pg_database WHERE datname = $1', [DATABASE]);
    if (found.length === 0) await session.sql(`CREATE DATABASE ${DATABASE}`);
  } catch (error) {
    // 42P04, 23505: another process was a moment faster.
    if (!['42P04', '23505'].includes((error as { code?: string }).code ?? '')) throw error;
  } finally {
    await session.end();
  }
}
