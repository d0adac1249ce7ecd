import pg from 'pg';
import { connectionConfig } from './connection.js';
import type { Sql } from './role-pool.js';

export interface OwnerSessionOptions {
  /** A direct connection: what needs the owner cannot run behind a transaction pooler. */
  url: string;
  connectionTimeoutMs: number;
  statementTimeoutMs: number;
}

/**
 * Runs `work` in a session of `podcast_owner`, outside any transaction, and ends it: for the few calls that TimescaleDB
 * allows to the owner of a hypertable alone, and only where no transaction is open. Nothing that a request says may ever
 * come here.
 * @throws the database's error `42501` where the login may not act as the owner
 */
export async function ownerSession<T>(
  options: OwnerSessionOptions,
  work: (sql: Sql) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({
    ...connectionConfig(options.url),
    connectionTimeoutMillis: options.connectionTimeoutMs,
    keepAlive: true,
    application_name: 'podcast maintenance',
  });
  // Work that is waiting for an answer is told of it anyway.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query(
      `SET ROLE podcast_owner; SET search_path = public, extensions; SET statement_timeout = ${options.statementTimeoutMs}`,
    );
    return await work(
      async <Row extends object>(text: string, params?: readonly unknown[]) =>
        (await client.query<Row>(text, params as unknown[])).rows,
    );
  } finally {
    await client.end().catch(() => undefined);
  }
}
