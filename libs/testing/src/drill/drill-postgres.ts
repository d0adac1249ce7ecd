import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  databaseUnavailable,
  ensureRoleLogins,
  migrate,
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '@lib/database';
import pg from 'pg';
import type { SeededRandom } from './seeded-random.js';

const DATABASE = 'podcast';
const LOGINS = ['podcast_app', 'podcast_maintenance', 'podcast_admin', 'podcast_queue'] as const;

/**
 * Every commit waits 20 ms before it is flushed, as on a slow disk: time in which a kill can hit it. Otherwise a server as
 * an installation has it.
 */
const SETTINGS = { commit_delay: '20000', commit_siblings: '0' };

const PATIENCE_MS = 60_000;
const TERMINATE_ROUNDS = 5;
const TERMINATE_EVERY_MS = 200;

/** The PostgreSQL of a drill: migrated, killed, started again on the same socket. */
export class DrillPostgres {
  private constructor(
    private readonly directory: string,
    private server: EmbeddedPostgres,
    private readonly passwords: Readonly<Record<string, string>>,
  ) {}

  static async start(directory: string): Promise<DrillPostgres> {
    const server = await startServer(directory);
    const passwords = await ensureRoleLogins(server, join(directory, 'logins.json'), LOGINS);
    const postgres = new DrillPostgres(directory, server, passwords);
    await postgres.asSuperuser((client) => client.query(`CREATE DATABASE ${DATABASE}`), 'postgres');
    await migrate(postgres.ownerUrl);
    return postgres;
  }

  /** Sees everything. */
  get ownerUrl(): string {
    return this.server.url(this.server.superuser, this.server.superuserPassword, DATABASE);
  }

  get version(): string {
    return this.server.version;
  }

  url(role: (typeof LOGINS)[number]): string {
    return this.server.url(role, this.passwords[role] ?? '', DATABASE);
  }

  /** SIGKILL for the server and all its children, and a new start on the same data. */
  async kill(): Promise<void> {
    await this.server.kill();
    this.server = await startServer(this.directory);
  }

  /** SIGKILL for one backend that serves the application: PostgreSQL then ends all others and recovers. */
  async killOneBackend(random: SeededRandom): Promise<void> {
    const pids = await this.asSuperuser(async (client) => {
      const { rows } = await client.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity WHERE usename = 'podcast_app' AND backend_type = 'client backend' ORDER BY pid`,
      );
      return rows.map(({ pid }) => pid);
    });
    try {
      if (pids.length > 0) process.kill(random.pick(pids), 'SIGKILL');
    } catch (error) {
      // It has ended by itself meanwhile, as connections of an application that was killed do.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  /** Ends every connection of the application, again and again for a second. */
  async terminateBackends(): Promise<void> {
    for (let round = 0; round < TERMINATE_ROUNDS; round += 1) {
      await this.asSuperuser((client) =>
        client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'podcast\\_%'
                      AND pid <> pg_backend_pid() AND usename <> current_user`),
      );
      await sleep(TERMINATE_EVERY_MS);
    }
  }

  /** Runs `work` on a connection of the superuser, and again after the server has recovered from a crash meanwhile. */
  async asSuperuser<T>(work: (client: pg.Client) => Promise<T>, database = DATABASE): Promise<T> {
    for (const deadline = Date.now() + PATIENCE_MS; ;) {
      const client = new pg.Client({
        connectionString: this.server.url(this.server.superuser, this.server.superuserPassword, database),
      });
      client.on('error', () => undefined);
      try {
        await client.connect();
        return await work(client);
      } catch (error) {
        if (!databaseUnavailable(error) || Date.now() > deadline) throw error;
      } finally {
        await client.end().catch(() => undefined);
      }
      await sleep(50);
    }
  }

  stop(): Promise<void> {
    return this.server.stop();
  }
}

function startServer(directory: string): Promise<EmbeddedPostgres> {
  return startEmbeddedPostgres({ dataDir: join(directory, 'pg'), settings: SETTINGS });
}
