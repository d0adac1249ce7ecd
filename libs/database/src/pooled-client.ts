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
}

/**
 * After how long the client gives up a statement, in milliseconds: a server that hangs does not keep its own time limit.
 */
export function hangLimit(statementTimeoutMs: number): number {
  return statementTimeoutMs + 1_000;
}
