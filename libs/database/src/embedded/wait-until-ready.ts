import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type ClientConfig } from 'pg';
import type { SuperuserLogin } from './embedded-postgres.contract.js';
import { EmbeddedPostgresError } from './embedded-postgres.errors.js';

/** SQLSTATEs of a login that will never succeed: wrong password, no such role or not allowed in. */
const rejected: ReadonlySet<string> = new Set(['28P01', '28000']);

/** How a superuser reaches the server, with nothing taken from PG* environment variables that would spoil it. */
export function superuserConnection(host: string, port: number, superuser: SuperuserLogin): ClientConfig {
  return {
    host,
    port,
    ...superuser,
    database: 'postgres',
    ssl: false,
    options: '',
    connectionTimeoutMillis: 5_000,
  };
}

/**
 * Connects until the server answers, and returns its version (`15.18`); undefined when the server went away first.
 * Throws `superuser_rejected` at once, and `start_timeout` after the deadline (milliseconds since 1970).
 */
export async function waitUntilReady(
  connection: ClientConfig,
  isRunning: () => Promise<boolean>,
  deadline: number,
): Promise<string | undefined> {
  while (await isRunning()) {
    const answer = await askVersion(connection);
    if (typeof answer === 'string') return answer;
    if (rejected.has(answer.code ?? '')) throw superuserRejected(answer);
    if (Date.now() > deadline) {
      throw new EmbeddedPostgresError(
        'start_timeout',
        `PostgreSQL does not accept connections: ${answer.message}`,
      );
    }
    await sleep(20);
  }
  return undefined;
}

async function askVersion(connection: ClientConfig): Promise<string | (Error & { code?: string })> {
  const client = new Client({ ...connection, query_timeout: 5_000 });
  // Without a listener, a server that ends while we are connected would end our process too.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
    return rows[0]?.server_version ?? '';
  } catch (error) {
    return error as Error & { code?: string };
  } finally {
    // Nobody waits for it: of a server that goes away at this moment the end may never be heard of.
    client.end().catch(() => undefined);
  }
}

function superuserRejected(cause: Error): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'superuser_rejected',
    `PostgreSQL refused the superuser's password (${cause.message}). ` +
      `secrets/superuser.json does not belong to this cluster: restore the file that was made with it.`,
    { cause },
  );
}
