import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EmbeddedPostgres, ServerStart } from './embedded-postgres.contract.js';
import { isPostmasterOf } from './postmaster-process.js';
import { killPostmaster, stopPostmaster } from './stop-postmaster.js';

const lookAgainMs = 500;

/** The facts of a server that accepts connections; `exited` is known only for one that we started. */
export interface ServerFacts {
  readonly pid: number;
  readonly host: string;
  readonly port: number;
  readonly version: string;
  readonly exited: Promise<void> | undefined;
}

/** The handle that callers get for a server that accepts connections. */
export function runningServer(start: ServerStart, facts: ServerFacts): EmbeddedPostgres {
  const { place, programs, superuser, dataDir } = start;
  const { pid, host, port, version } = facts;
  let end: Promise<void> | undefined;
  return {
    host,
    port,
    superuser: superuser.user,
    superuserPassword: superuser.password,
    pid,
    version,
    dataDir,
    clusterDir: place.root,
    adopted: facts.exited === undefined,
    exited: facts.exited ?? watchExit(pid, place.data),
    url: (user, password, database) => serverUrl(host, port, user, password, database),
    stop: () =>
      (end ??= stopPostmaster(pid, place, programs).then(() => removeTemporaryRun(host, place.root))),
    kill: () => killPostmaster(pid, place),
  };
}

/** libpq and `pg` both let the `host` parameter win over the host of the URL, which cannot hold a path. */
function serverUrl(host: string, port: number, user: string, password: string, database: string): string {
  const login = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
  const path = encodeURIComponent(database);
  return host.startsWith('/')
    ? `postgresql://${login}@localhost:${port}/${path}?host=${encodeURIComponent(host)}`
    : `postgresql://${login}@${host}:${port}/${path}`;
}

async function watchExit(pid: number, data: string): Promise<void> {
  while (await isPostmasterOf(pid, data)) await sleep(lookAgainMs, undefined, { ref: false });
}

/** A socket directory outside the cluster was made for this one run. */
async function removeTemporaryRun(host: string, root: string): Promise<void> {
  if (host.startsWith('/') && host !== join(root, 'run')) await rmdir(host).catch(() => undefined);
}
