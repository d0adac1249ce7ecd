import { QueryRunnerAlreadyReleasedError } from 'typeorm';

/** Lost connections, a server that shuts down, starts or recovers, exhausted resources, and the socket's own errors. */
const CODES =
  /^(08\w{3}|57P0[1-5]|53[0-4]00|25P03|EAGAIN|ECONNREFUSED|ECONNRESET|ECONNABORTED|ENOENT|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN)$/;

/** What the driver says without a code. */
const MESSAGES =
  /Connection terminated|timeout exceeded when trying to connect|not queryable|Query read timeout/;

/**
 * Whether a failure is that of the way to the database and not of what was asked: waiting can cure it, and it says
 * nothing about the data.
 */
export function databaseUnavailable(error: unknown): boolean {
  // All that TypeORM says of a connection that broke between two statements.
  if (error instanceof QueryRunnerAlreadyReleasedError) return true;
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  return (
    (typeof code === 'string' && CODES.test(code)) || (typeof message === 'string' && MESSAGES.test(message))
  );
}

/** Whether the driver gave up a statement because the server said nothing. The connection must not be used again. */
export function serverHangs(error: unknown): boolean {
  return error instanceof Error && /Query read timeout/.test(error.message);
}
