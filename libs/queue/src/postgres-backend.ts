import {
  assertSchemaCompatibility,
  createPostgresBackend,
  LATEST_SCHEMA_VERSION,
  runMigrations,
  SchemaMigrationRequiredError,
  withBackend,
  type PostgresConnectionOptions,
} from 'bullmq';
import { assumeRole, connectionConfig, PooledClient } from '@lib/database';
// eslint-disable-next-line @typescript-eslint/no-restricted-imports -- BullMQ's own schema, as a role that sees no tenant's rows
import pg from 'pg';
import { openQueue, type Driver } from './open-queue.js';
import type { OpenQueue, QueueBackend, QueueEvents } from './queue-backend.js';

/** Created by the master migration and owned by `podcast_queue`; BullMQ makes its tables in it. */
const SCHEMA = 'bullmq';
const STATEMENT_MS = 10_000;

/**
 * Jobs on PostgreSQL, as role `podcast_queue`, for installations without Redis.
 *
 * The URL must lead to the server itself: a transaction pooler refuses the start-up options and loses LISTEN. A login
 * that is not `podcast_queue` must be a member of it.
 */
export class PostgresBackend implements QueueBackend {
  readonly name = 'PostgreSQL';

  constructor(
    private readonly url: string,
    private readonly connectionTimeoutMs: number,
  ) {}

  async open(events: QueueEvents): Promise<OpenQueue> {
    const pool = new pg.Pool({
      ...connectionConfig(this.url),
      options: startupOptions(this.url),
      // One client listens for notifications; three remain for eight handlers' short statements.
      max: 4,
      connectionTimeoutMillis: this.connectionTimeoutMs,
      keepAlive: true,
      Client: PooledClient,
      // The limit of the client, for a server that does not answer at all. No tenant's transaction runs here.
      query_timeout: STATEMENT_MS + 1_000,
    });
    pool.on('error', (error) => events.failed(error));
    const driver: Driver<PostgresConnectionOptions> = {
      connection: pool,
      ping: () => pool.query('SELECT 1'),
      concern: async () => undefined,
      sever: () => undefined,
      end: () => pool.end(),
    };
    try {
      await migrateQueue(pool);
    } catch (error) {
      await pool.end();
      throw error;
    }
    return openQueue(withBackend(createPostgresBackend), driver, events);
  }
}

/** What the start-up packet asks for: the role, BullMQ's schema, and a limit on each statement. */
function startupOptions(url: string): string {
  const role = assumeRole(url, 'podcast_queue') === '' ? [] : ['-c role=podcast_queue'];
  const present = connectionConfig(url).options;
  return [
    ...(present === undefined ? [] : [present]),
    ...role,
    `-c search_path=${SCHEMA}`,
    `-c statement_timeout=${STATEMENT_MS}`,
  ].join(' ');
}

/** Brings BullMQ's tables to its version, under BullMQ's own advisory lock. A current schema is only read. */
async function migrateQueue(pool: pg.Pool): Promise<void> {
  const client = await pool.connect();
  let broken = true;
  try {
    if ((await queueSchemaVersion(client)) < LATEST_SCHEMA_VERSION) await runMigrations(client, SCHEMA);
    broken = false;
  } finally {
    client.release(broken);
  }
}

async function queueSchemaVersion(client: pg.PoolClient): Promise<number> {
  try {
    return await assertSchemaCompatibility(client, SCHEMA);
  } catch (error) {
    if (error instanceof SchemaMigrationRequiredError) return 0;
    throw error;
  }
}
