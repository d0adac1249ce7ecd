import { resolve } from 'node:path';
import { readSettings, type Settings } from '@lib/config';
import type { CommandIo } from './command-io.js';
import { CommandFailed } from './command.errors.js';
import { hasEmbeddedDatabase, startEmbeddedDatabase } from './embedded/start-embedded-database.js';

/** A command's database: the environment's, or the embedded one. */
export interface OpenedSettings {
  readonly settings: Settings;
  /** The variables that serving processes would get: the given ones, with those of the embedded database. */
  readonly environment: CommandIo['environment'];
  /** Login that may act as `podcast_owner`. */
  readonly ownerUrl: string;
  /** Stops the embedded server if this command started it. */
  close(): Promise<void>;
}

/** True when the environment names a PostgreSQL of its own, so that none is embedded. */
export function namesOwnDatabase(environment: CommandIo['environment']): boolean {
  return given(environment, 'DATABASE_URL') || given(environment, 'POSTGRES_HOST');
}

/** An empty variable counts as absent, as in @lib/config. */
function given(environment: CommandIo['environment'], name: string): boolean {
  return (environment[name] ?? '').trim() !== '';
}

/**
 * Settings for a command: from the environment when it names a database, else from the embedded installation in
 * `dataDir`, whose server is started or joined.
 *
 * @throws SettingsInvalid naming every fault of the environment
 * @throws CommandFailed when there is neither a database in the environment nor an installation
 */
export async function openSettings(io: CommandIo, dataDir: string): Promise<OpenedSettings> {
  return open(dataDir, io, io.environment);
}

/**
 * The same for commands that use no secret, such as a migration job that is given only a database URL.
 * Keys made with these settings would be worthless.
 */
export async function openDatabaseSettings(io: CommandIo, dataDir: string): Promise<OpenedSettings> {
  return open(dataDir, io, withoutSecrets(io.environment));
}

/** The environment with stand-ins for the secrets, to read settings that do not depend on them. */
export function withoutSecrets(environment: CommandIo['environment']): Record<string, string | undefined> {
  const onlyOwner = !namesOwnDatabase(environment) && given(environment, 'MIGRATION_DATABASE_URL');
  return {
    ...environment,
    ...(onlyOwner && { DATABASE_URL: environment['MIGRATION_DATABASE_URL'] }),
    API_KEY_PEPPER: 'not a secret: this command makes no keys',
    PRIVACY_MASTER_KEY: Buffer.alloc(32).toString('base64'),
  };
}

async function open(
  dataDir: string,
  io: CommandIo,
  environment: CommandIo['environment'],
): Promise<OpenedSettings> {
  if (namesOwnDatabase(environment)) {
    const settings = readSettings(environment);
    return {
      settings,
      environment: io.environment,
      ownerUrl: settings.migrationDatabaseUrl ?? settings.databaseUrl,
      close: () => Promise.resolve(),
    };
  }
  if (!hasEmbeddedDatabase(dataDir)) {
    throw new CommandFailed(
      `There is no database yet: ${resolve(dataDir)} holds none and DATABASE_URL is not set. ` +
        'Run npm start first, or set DATABASE_URL.',
    );
  }
  const embedded = await startEmbeddedDatabase(dataDir);
  const close = async () => {
    if (!embedded.server.adopted) await embedded.server.stop();
  };
  try {
    const complete = { ...io.environment, ...embedded.environment };
    return { settings: readSettings(complete), environment: complete, ownerUrl: embedded.ownerUrl, close };
  } catch (error) {
    await close();
    throw error;
  }
}
