import pg from 'pg';
import { assumeRole, connectionConfig, type DatabaseRole } from './connection.js';
import { serverHangs } from './database-unavailable.js';
import { hangLimit, PooledClient } from './pooled-client.js';
import { guardReleases } from './release-guard.js';
import { StatementRunner } from './statement-runner.js';

/** Runs one statement on the transaction's client and returns its rows. */
export type Sql = <Row extends object>(text: string, params?: readonly unknown[]) => Promise<Row[]>;

export interface RolePoolOptions {
  url: string;
  role: DatabaseRole;
  max: number;
  connectionTimeoutMs: number;
  statementTimeoutMs: number;
  lockTimeoutMs: number;
  onError: (error: Error) => void;
  onGuardDestroyed: () => void;
}

/**
 * A pool of raw connections whose every transaction acts as one role.
 *
 * For work outside a tenant (key look-up, work lists, maintenance, admin reads) and, with a tenant's prologue, for the
 * ingest committer. Everything else goes through `TenantDb`.
 */
export class RolePool {
  private readonly pool: pg.Pool;
  private readonly prologue: string;
  private readonly statements = new StatementRunner();

  constructor(options: RolePoolOptions) {
    this.pool = new pg.Pool({
      query_timeout: hangLimit(options.statementTimeoutMs),
      ...connectionConfig(options.url),
      max: options.max,
      connectionTimeoutMillis: options.connectionTimeoutMs,
      keepAlive: true,
      Client: PooledClient,
    });
    this.pool.on('error', options.onError);
    guardReleases(this.pool, options.onGuardDestroyed);
    this.prologue =
      'CLOSE ALL; ' + // a cursor WITH HOLD outlives its transaction, and with it its tenant
      assumeRole(options.url, options.role) +
      `SET LOCAL statement_timeout = ${options.statementTimeoutMs}; SET LOCAL lock_timeout = ${options.lockTimeoutMs}`;
  }

  /**
   * Runs `work` in one READ COMMITTED transaction as the role. `prologue` is SQL text that follows BEGIN in the same
   * round trip; it takes no parameters, so it may only hold values already proven harmless.
   */
  async transaction<T>(work: (sql: Sql) => Promise<T>, prologue = ''): Promise<T> {
    const client = await this.pool.connect();
    let broken: Error | undefined;
    try {
      await client.query(`BEGIN; ${this.prologue}${prologue === '' ? '' : `; ${prologue}`}`);
      let open = true;
      const sql: Sql = async <Row extends object>(text: string, params?: readonly unknown[]) => {
        // Work that outlives its transaction would run in the one of the next borrower.
        if (!open) throw new Error('the transaction has ended');
        const whole = async (each: string, values: readonly unknown[] | undefined) =>
          (await client.query<Record<string, unknown>>(each, values as unknown[])).rows;
        return (await this.statements.run(() => Promise.resolve(client), whole, text, params)) as Row[];
      };
      const result = await work(sql).finally(() => (open = false));
      const { command } = await client.query('COMMIT');
      // COMMIT of a failed transaction succeeds as a rollback: without this look, an error swallowed in `work` loses its rows.
      if (command !== 'COMMIT') throw new Error('the transaction had failed and was rolled back at COMMIT');
      return result;
    } catch (error) {
      broken = serverHangs(error) ? (error as Error) : await rollback(client);
      throw error;
    } finally {
      client.release(broken);
    }
  }

  /** One statement in a transaction of its own. */
  query<Row extends object>(text: string, params: readonly unknown[] = []): Promise<Row[]> {
    return this.transaction((sql) => sql<Row>(text, params));
  }

  /** Closes every connection, after those in use are returned. */
  end(): Promise<void> {
    return this.pool.end();
  }
}

async function rollback(client: pg.PoolClient): Promise<Error | undefined> {
  try {
    await client.query('ROLLBACK');
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
