import { claimInstallation } from '../embedded/claim-installation.js';
import { startEmbeddedDatabase, type EmbeddedDatabase } from '../embedded/start-embedded-database.js';
import type { RunningService, Service } from './kept-service.js';

/** The embedded PostgreSQL as a service, with the database as the last start left it. */
export interface PostgresService extends Service {
  /** @throws Error before the first start */
  database(): EmbeddedDatabase;
}

/**
 * Starts the embedded server and claims the data directory for this process. A server that an earlier supervisor left
 * behind is taken over and stopped with this one.
 */
export function postgresService(
  dataDir: string,
  log: (line: string) => void,
  onMoved: () => void,
): PostgresService {
  let database: EmbeddedDatabase | undefined;
  return {
    name: 'postgres',
    lastLines: () => (database === undefined ? [] : [`its log: ${database.server.clusterDir}/server.log`]),
    database: () => {
      if (database === undefined) throw new Error('PostgreSQL has not been started yet');
      return database;
    },
    start: async () => {
      const before = database?.environment['DATABASE_URL'];
      const started = await startEmbeddedDatabase(dataDir, log);
      const claim = await claimInstallation(started.serverUrl, dataDir).catch(async (error: unknown) => {
        // Whoever holds the claim uses the server; one that we started ourselves nobody uses.
        if (!started.server.adopted) await started.server.stop();
        throw error;
      });
      database = started;
      if (before !== undefined && before !== started.environment['DATABASE_URL']) onMoved();
      return runningPostgres(started, claim);
    },
  };
}

function runningPostgres({ server }: EmbeddedDatabase, claim: { release(): Promise<void> }): RunningService {
  return {
    ended: server.exited.then(() => 'ended'),
    stop: async () => {
      await claim.release();
      await server.stop();
    },
    kill: () => server.kill(),
  };
}
