import { EmbeddedPostgresError } from './embedded-postgres.errors.js';

const defaults: Readonly<Record<string, string>> = {
  max_connections: '100',
  shared_buffers: '128MB',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
};

/** Settings that the launcher's promises rest on: how clients reach the server, and that a commit is on disk. */
const reserved: ReadonlySet<string> = new Set([
  'config_file',
  'data_directory',
  'external_pid_file',
  'fsync',
  'full_page_writes',
  'hba_file',
  'ident_file',
  'listen_addresses',
  'log_destination',
  'logging_collector',
  'port',
  'unix_socket_directories',
]);

/** Where a server listens: a socket directory, or a port of 127.0.0.1. */
export interface ListenAt {
  readonly socketDirectory: string | undefined;
  readonly port: number;
}

/**
 * Refuses settings that belong to the launcher. Throws `setting_reserved` with the name; every other name and
 * value is PostgreSQL's to judge.
 */
export function checkSettings(settings: Readonly<Record<string, string>>): void {
  const taken = Object.keys(settings).find((name) => reserved.has(name.toLowerCase()));
  if (taken === undefined) return;
  throw new EmbeddedPostgresError(
    'setting_reserved',
    `The setting ${taken} belongs to the embedded PostgreSQL.`,
  );
}

/** The postmaster's parameters: data directory, defaults, the caller's settings over them, where it listens. */
export function serverParameters(
  data: string,
  settings: Readonly<Record<string, string>>,
  { socketDirectory, port }: ListenAt,
): readonly string[] {
  const all = {
    ...defaults,
    ...settings,
    listen_addresses: socketDirectory === undefined ? '127.0.0.1' : '',
    // A quoted name keeps a comma in the path from separating two directories.
    unix_socket_directories:
      socketDirectory === undefined ? '' : `"${socketDirectory.replaceAll('"', '""')}"`,
    port: String(port),
  };
  return ['-D', data, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}
