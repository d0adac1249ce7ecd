import { readSettings } from '@lib/config';
import type { CommandIo } from '../command-io.js';
import { CommandFailed } from '../command.errors.js';
import { namesOwnDatabase, withoutSecrets } from '../open-settings.js';
import { freePort } from './free-port.js';

/** Where the processes will listen. */
export interface Place {
  apiOrigin: string;
  workerOrigin: string;
  /** The variables that say so, for the children. */
  environment: Readonly<Record<string, string>>;
}

const LOOPBACK = '127.0.0.1';

/** What differs from a server's defaults, because a person waits at a terminal of this machine. */
const DEFAULTS: Readonly<Record<string, string>> = { BIND_ADDRESS: LOOPBACK, SHUTDOWN_DRAIN_MS: '0' };

/**
 * Judges the whole environment and makes sure that the ports are free, before anything is started.
 * @throws SettingsInvalid naming every fault
 * @throws CommandFailed naming the variable of a port that is taken
 */
export async function choosePlace(environment: CommandIo['environment']): Promise<Place> {
  const defaults = Object.entries(DEFAULTS).filter(([name]) => (environment[name] ?? '').trim() === '');
  const draft = readSettings({
    ...(namesOwnDatabase(environment)
      ? environment
      : { ...withoutSecrets(environment), DATABASE_URL: 'postgresql://podcast_app@embedded/podcast' }),
    ...Object.fromEntries(defaults),
  });
  if (draft.port === draft.workerPort && draft.port !== 0) {
    throw new CommandFailed(`PORT and WORKER_PORT are both ${draft.port}: each process needs its own.`);
  }
  const port = await freePort('PORT', draft.port, draft.bindAddress);
  const workerPort = await freePort('WORKER_PORT', draft.workerPort, draft.bindAddress);
  return {
    apiOrigin: `http://${reachable(draft.bindAddress)}:${port}`,
    workerOrigin: `http://${reachable(draft.bindAddress)}:${workerPort}`,
    environment: {
      BIND_ADDRESS: draft.bindAddress,
      SHUTDOWN_DRAIN_MS: String(draft.shutdownDrainMs),
      PORT: String(port),
      WORKER_PORT: String(workerPort),
    },
  };
}

/** The address under which this machine reaches what listens on `address`. */
function reachable(address: string): string {
  if (address === '0.0.0.0') return LOOPBACK;
  if (address === '::') return '[::1]';
  return address.includes(':') ? `[${address}]` : address;
}
