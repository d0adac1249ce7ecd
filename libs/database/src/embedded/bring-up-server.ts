import { setTimeout as sleep } from 'node:timers/promises';
import type { EmbeddedPostgres, ServerStart } from './embedded-postgres.contract.js';
import { EmbeddedPostgresError } from './embedded-postgres.errors.js';
import { launchPostmaster } from './launch-postmaster.js';
import { prepareListenPlace } from './listen-place.js';
import { discardStalePidFile, findPostmaster, isAlive, isPostmasterOf } from './postmaster-process.js';
import { runningServer } from './running-server.js';
import { readLogTail } from './server-log.js';
import { serverParameters } from './server-settings.js';
import { stopPostmaster } from './stop-postmaster.js';
import { superuserConnection, waitUntilReady } from './wait-until-ready.js';

/**
 * What the log says when another server of the cluster is still there, or just ended: a reason to look again, not
 * a failure.
 */
const anotherServer = /lock file ".*" already exists|is still in use|another server might be running/;

const pauseMs = 100;

/**
 * Adopts the cluster's running server or starts one; the loop is for servers that come or go meanwhile.
 * PostgreSQL's own lock on the data directory decides between two starts at once.
 */
export async function bringUpServer(start: ServerStart): Promise<EmbeddedPostgres> {
  const deadline = Date.now() + start.startTimeoutSeconds * 1000;
  for (;;) {
    const server = (await adoptServer(start, deadline)) ?? (await launchServer(start, deadline));
    if (server) return server;
    if (Date.now() > deadline) throw await notStarted(start, 'start_timeout', 0);
    await sleep(pauseMs);
  }
}

async function adoptServer(start: ServerStart, deadline: number): Promise<EmbeddedPostgres | undefined> {
  const { place, superuser } = start;
  for (let found = await findPostmaster(place.data); found; found = await findPostmaster(place.data)) {
    const { pid, host, port } = found;
    if (host !== undefined) {
      const isRunning = (): Promise<boolean> => isPostmasterOf(pid, place.data);
      const version = await waitUntilReady(superuserConnection(host, port, superuser), isRunning, deadline);
      if (version === undefined) continue;
      start.log(`adopted the PostgreSQL ${version} that already runs as process ${pid}`);
      return runningServer(start, { pid, host, port, version, exited: undefined });
    }
    if (Date.now() > deadline) throw await notStarted(start, 'start_timeout', 0);
    await sleep(pauseMs);
  }
  return undefined;
}

async function launchServer(start: ServerStart, deadline: number): Promise<EmbeddedPostgres | undefined> {
  const { place, programs, superuser } = start;
  await discardStalePidFile(place.data);
  const listenAt = await prepareListenPlace(place);
  const parameters = serverParameters(place.data, start.settings, listenAt);
  const { pid, exited, logStartsAt } = await launchPostmaster(programs, place, parameters);
  const host = listenAt.socketDirectory ?? '127.0.0.1';
  const connection = superuserConnection(host, listenAt.port, superuser);
  try {
    const version = await waitUntilReady(connection, () => isAlive(pid), deadline);
    // Another start may have been faster, and its server listens at the same place.
    if (version !== undefined && (await findPostmaster(place.data))?.pid === pid) {
      start.log(`started PostgreSQL ${version} as process ${pid}`);
      return runningServer(start, { pid, host, port: listenAt.port, version, exited });
    }
  } catch (error) {
    await stopPostmaster(pid, place, programs);
    throw error instanceof EmbeddedPostgresError && error.code === 'start_timeout'
      ? await notStarted(start, 'start_timeout', logStartsAt)
      : error;
  }
  await exited;
  const failure = await notStarted(start, 'start_failed', logStartsAt);
  if (!anotherServer.test(failure.message)) throw failure;
  return undefined;
}

async function notStarted(
  { place, startTimeoutSeconds }: ServerStart,
  code: 'start_failed' | 'start_timeout',
  logStartsAt: number,
): Promise<EmbeddedPostgresError> {
  const what =
    code === 'start_failed' ? 'ended while starting' : `was not ready after ${startTimeoutSeconds} s`;
  const output = await readLogTail(place.serverLog, logStartsAt);
  return new EmbeddedPostgresError(code, `PostgreSQL ${what}. From ${place.serverLog}:`, { output });
}
