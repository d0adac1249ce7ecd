import type { Pool, PoolClient } from 'pg';

type ClientState = PoolClient & {
  _activeQuery?: unknown;
  _queryQueue?: unknown[];
};

/**
 * Destroys a client that comes back to its pool inside a transaction or with work still queued.
 *
 * Such a client carries a live tenant context into the next request. TypeORM returns one when COMMIT or ROLLBACK is
 * skipped by an error, and pg-pool does not look; so the pool looks for itself.
 *
 * @param onDestroyed called once for each client destroyed, for the metric and the log
 */
export function guardReleases(pool: Pool, onDestroyed: () => void): void {
  pool.on('release', (_error: Error, client: PoolClient) => {
    const state = client as ClientState;
    const clean = state.getTransactionStatus() === 'I' && !state._activeQuery && !state._queryQueue?.length;
    if (clean) return;
    onDestroyed();
    client.end().catch(() => undefined);
  });
}
