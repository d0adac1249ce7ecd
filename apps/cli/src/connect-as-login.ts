import { connectionConfig, type Sql } from '@lib/database';
// A login's own session is what these commands are about: creating the database, judging it, holding a lock.
// eslint-disable-next-line @typescript-eslint/no-restricted-imports
import pg from 'pg';

/** One connection that acts as its login, outside any transaction. The caller ends it. */
export interface LoginSession {
  readonly sql: Sql;
  readonly client: pg.Client;
  end(): Promise<void>;
}

/**
 * Connects as the login of `url`, without changing role. For the operator's own commands, never for a tenant's rows.
 * @throws the driver's error after at most `timeoutMs` when nothing answers
 */
export async function connectAsLogin(url: string, timeoutMs = 5_000): Promise<LoginSession> {
  const client = new pg.Client({
    ...connectionConfig(url),
    connectionTimeoutMillis: timeoutMs,
    application_name: 'podcast cli',
  });
  // A server that goes away while the session is idle must not end the process.
  client.on('error', () => undefined);
  await client.connect();
  return {
    client,
    sql: async <Row extends object>(text: string, params?: readonly unknown[]) =>
      (await client.query<Row>(text, params as unknown[])).rows,
    end: () => client.end().catch(() => undefined),
  };
}
