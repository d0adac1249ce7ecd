import { createHash } from 'node:crypto';
import pg from 'pg';

/**
 * A client for pools whose lost connection never ends the process.
 *
 * The pool listens to a client only while it is idle, and TypeORM begins to a moment after it was lent out: an error in
 * between would have no listener. The statement under way, or the next one, reports the loss.
 */
export class PooledClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config);
    this.on('error', () => undefined);
  }

  /**
   * Runs a statement that this connection parses and plans but once, and then keeps as prepared. Behind a pooler that
   * gives each transaction another session, which would not know it, it is run like any other.
   *
   * For the same few texts again and again: each stays in the server's memory for as long as the connection.
   */
  async queryPrepared<Row extends object>(text: string, params: readonly unknown[]): Promise<Row[]> {
    this.ownsSession ??= this.asksItsOwnSession();
    const name = (await this.ownsSession) ? createHash('sha256').update(text).digest('base64url') : undefined;
    return (await this.query<Row>({ ...(name !== undefined && { name }), text, values: [...params] })).rows;
  }

  private ownsSession: Promise<boolean> | undefined;

  /** A pooler makes up the process id that it tells its clients, for them to cancel by. */
  private async asksItsOwnSession(): Promise<boolean> {
    const { processID } = this as unknown as { processID: number | null };
    const { rows } = await this.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    return rows[0]?.pid === processID;
  }
}

/**
 * After how long the client gives up a statement, in milliseconds: a server that hangs does not keep its own time limit.
 */
export function hangLimit(statementTimeoutMs: number): number {
  return statementTimeoutMs + 1_000;
}
