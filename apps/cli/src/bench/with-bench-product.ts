import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSettings, type Settings } from '@lib/config';
import { migrate } from '@lib/database';
import type { CommandIo } from '../command-io.js';
import { CommandFailed } from '../command.errors.js';
import { connectAsLogin, type LoginSession } from '../connect-as-login.js';
import { startEmbeddedDatabase } from '../embedded/start-embedded-database.js';
import { childEnvironment } from '../start/child-environment.js';
import { ChildLog } from '../start/child-log.js';
import { childService } from '../start/child-service.js';
import { freePort } from '../start/free-port.js';
import { listenForStop } from '../start/stop-request.js';
import { waitUntilReady } from '../start/wait-until-ready.js';

/** Where a bench differs from the others. */
export interface BenchPlace {
  /** Stays when the bench ends, and is used as it is when there is a database in it already. */
  readonly keep?: string | undefined;
  /** Settings, unless the environment has them. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** PostgreSQL and one API process on loopback, made for one bench and gone with it. */
export interface BenchProduct {
  readonly settings: Settings;
  readonly apiOrigin: string;
  readonly postmasterPid: number;
  /** A session of the superuser, past every wall. */
  readonly owner: LoginSession;
  /** Starts the worker, which ends with the rest. Returns where its metrics are. */
  readonly startWorker: () => Promise<string>;
  /** Ends PostgreSQL; the API goes on. */
  readonly stopDatabase: () => Promise<void>;
}

const LOOPBACK = '127.0.0.1';
/** A bench that measures on another database than its own would be dangerous and mean nothing. */
const NOT_INHERITED = {
  POSTGRES_HOST: '',
  DATABASE_REPLICA_URLS: '',
  REDIS_URL: '',
  REDIS_HOST: '',
  MIGRATION_DATABASE_URL: '',
};

/**
 * Starts an embedded PostgreSQL in a temporary directory, or in the one that is kept, and the compiled API as a process of its own, both with the
 * defaults of production (fsync on); the worker runs where it is started. Settings such as INGEST_POOL_SIZE are taken from the
 * environment. Ends both and removes a temporary directory, however `work` ends.
 *
 * @throws CommandFailed when a signal stops it
 */
export async function withBenchProduct<T>(
  io: CommandIo,
  work: (product: BenchProduct) => Promise<T>,
  { keep, settings = {} }: BenchPlace = {},
): Promise<T> {
  const directory = keep === undefined ? await temporaryDirectory() : resolve(keep);
  const stop = listenForStop(io.environment, () => process.exit(130));
  const stopped = new Promise<never>((_, reject) =>
    stop.signal.addEventListener('abort', () => reject(new CommandFailed('The bench was stopped.'))),
  );
  const cleanups: (() => Promise<unknown>)[] =
    keep === undefined ? [() => rm(directory, { recursive: true, force: true })] : [];
  try {
    const configured = { ...io, environment: { ...settings, ...io.environment } };
    return await Promise.race([start(configured, directory, cleanups, stop.signal).then(work), stopped]);
  } finally {
    for (const cleanup of cleanups.reverse()) await cleanup();
    stop.dispose();
  }
}

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'podcast-bench-'));
  // As root, PostgreSQL runs under another account, which must be able to enter.
  await chmod(directory, 0o711);
  return directory;
}

async function start(
  io: CommandIo,
  directory: string,
  cleanups: (() => Promise<unknown>)[],
  signal: AbortSignal,
): Promise<BenchProduct> {
  const database = await startEmbeddedDatabase(directory);
  cleanups.push(() => database.server.stop());
  await migrate(database.ownerUrl);
  const owner = await connectAsLogin(database.ownerUrl);
  cleanups.push(() => owner.end());
  const port = await freePort('PORT', 0, LOOPBACK);
  const workerPort = await freePort('WORKER_PORT', 0, LOOPBACK);
  const environment = {
    // Questions are measured, not memory, unless the environment says otherwise.
    METRICS_CACHE_BYTES: '0',
    ...io.environment,
    ...NOT_INHERITED,
    ...database.environment,
    PORT: String(port),
    WORKER_PORT: String(workerPort),
    BIND_ADDRESS: LOOPBACK,
    SPOOL_DIR: join(directory, 'spool'),
    SHUTDOWN_DRAIN_MS: '0',
  };
  const settings = readSettings(environment);
  const startChild = async (name: 'api' | 'worker', origin: string) => {
    const log = new ChildLog(name, join(directory, `${name}.log`), (line) => io.warn(line));
    const child = await childService({
      name,
      entry: fileURLToPath(new URL(`../../../${name}/src/main.js`, import.meta.url)),
      environment: () => childEnvironment(name, environment, settings),
      log,
    }).start();
    cleanups.push(async () => {
      await child.stop();
      await log.close();
    });
    await waitUntilReady(name, origin, signal);
  };
  const apiOrigin = `http://${LOOPBACK}:${port}`;
  await startChild('api', apiOrigin);
  return {
    settings,
    apiOrigin,
    postmasterPid: database.server.pid,
    owner,
    startWorker: async () => {
      const origin = `http://${LOOPBACK}:${workerPort}`;
      await startChild('worker', origin);
      return origin;
    },
    stopDatabase: () => database.server.stop(),
  };
}
