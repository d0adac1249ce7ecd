import { spawn } from 'node:child_process';
import type { ClusterPlace, PostgresPackage, ServerAccount } from './embedded-postgres.contract.js';
import { EmbeddedPostgresError } from './embedded-postgres.errors.js';
import { programEnvironment, runProgram } from './run-program.js';
import { openServerLog } from './server-log.js';

/** A postmaster that we started; it may not accept connections yet. */
export interface LaunchedPostmaster {
  readonly pid: number;
  readonly exited: Promise<void>;
  /** Where the lines of this start begin in the server's log. */
  readonly logStartsAt: number;
}

/**
 * Starts the postmaster in a session of its own, so that Ctrl-C in a terminal does not reach it before its clients
 * are gone, and without keeping our event loop alive.
 *
 * On Linux the kernel sends it SIGINT, PostgreSQL's fast shutdown, when the *thread* that called this ends, also by
 * SIGKILL. Call it from the main thread. Elsewhere it outlives us and is adopted by the next start.
 */
export async function launchPostmaster(
  programs: PostgresPackage,
  place: ClusterPlace,
  parameters: readonly string[],
): Promise<LaunchedPostmaster> {
  const [program, ...rest] = [...(await deathSignalPrefix(place.account)), programs.postgres, ...parameters];
  const { file, startsAt } = await openServerLog(place.serverLog);
  try {
    const child = spawn(program ?? programs.postgres, rest, {
      cwd: place.root,
      env: programEnvironment(),
      detached: true,
      windowsHide: true,
      stdio: ['ignore', file.fd, file.fd],
      // setpriv changes the account itself: the kernel drops the death signal when the account changes later.
      ...(program === programs.postgres &&
        place.account && { uid: place.account.uid, gid: place.account.gid }),
    });
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
    child.unref();
    return { pid: child.pid as number, exited, logStartsAt: startsAt };
  } catch (cause) {
    throw new EmbeddedPostgresError('start_failed', `Could not run ${program}.`, {
      cause,
      output: String(cause),
    });
  } finally {
    await file.close();
  }
}

/** util-linux's setpriv where it knows --pdeathsig (2.33 and later); BusyBox's does not. */
async function deathSignalPrefix(account: ServerAccount | undefined): Promise<readonly string[]> {
  if (process.platform !== 'linux') return [];
  const help = await runProgram('setpriv', ['--help'], { cwd: '/' }).catch(() => undefined);
  if (!help?.output.includes('--pdeathsig')) return [];
  const identity = account
    ? ['--reuid', String(account.uid), '--regid', String(account.gid), '--clear-groups']
    : [];
  return ['setpriv', ...identity, '--pdeathsig', 'INT'];
}
