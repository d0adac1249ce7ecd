/** Stable reasons why the embedded PostgreSQL could not be started or stopped. */
export type EmbeddedPostgresErrorCode =
  | 'unsupported_platform'
  | 'package_missing'
  | 'package_unusable'
  | 'data_dir_unusable'
  | 'cluster_missing'
  | 'account_missing'
  | 'setting_reserved'
  | 'secret_unreadable'
  | 'initdb_failed'
  | 'start_failed'
  | 'start_timeout'
  | 'superuser_rejected'
  | 'role_name_invalid';

/**
 * Any failure of the embedded PostgreSQL. `code` is stable; the message says what an operator can do and ends
 * with the output of the program that failed, when there is one.
 */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';

  constructor(
    readonly code: EmbeddedPostgresErrorCode,
    message: string,
    details: { output?: string; cause?: unknown } = {},
  ) {
    super(details.output ? `${message}\n${details.output.trimEnd()}` : message, { cause: details.cause });
  }
}
