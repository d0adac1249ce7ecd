import { execFile } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { ClusterPlace, PostgresPackage } from './embedded-postgres.contract.js';
import { isAlive, isPostmasterOf } from './postmaster-process.js';
import { runProgram } from './run-program.js';

const fastShutdownMs = 60_000;
const immediateShutdownMs = 10_000;

/**
 * Stops a postmaster and resolves when it is gone. Fast shutdown first; after 60 s an immediate one, which loses no
 * commit but makes the next start recover; SIGKILL last. Does nothing when the server is not running.
 */
export async function stopPostmaster(
  pid: number,
  place: ClusterPlace,
  programs: PostgresPackage,
): Promise<void> {
  if (!(await isPostmasterOf(pid, place.data))) return;
  if (process.platform === 'win32') {
    // Windows has no signals; pg_ctl talks to the server through a named pipe.
    const parameters = ['stop', '-D', place.data, '-m', 'fast', '-w', '-t', String(fastShutdownMs / 1000)];
    await runProgram(programs.pgCtl, parameters, { cwd: place.root });
    if (await waitUntilGone([pid], immediateShutdownMs)) return;
  } else {
    signal(pid, 'SIGINT');
    if (await waitUntilGone([pid], fastShutdownMs)) return;
    signal(pid, 'SIGQUIT');
    if (await waitUntilGone([pid], immediateShutdownMs)) return;
  }
  await killPostmaster(pid, place);
}

/** Ends a postmaster and all its children at once, without any shutdown, and resolves when all are gone. */
export async function killPostmaster(pid: number, place: ClusterPlace): Promise<void> {
  if (!(await isPostmasterOf(pid, place.data))) return;
  if (process.platform === 'win32') {
    await promisify(execFile)('taskkill', ['/F', '/T', '/PID', String(pid)]);
    await waitUntilGone([pid], immediateShutdownMs);
    return;
  }
  // A stopped postmaster starts no further children while we list them. The children lead sessions of their own,
  // so no signal to a group would reach them.
  signal(pid, 'SIGSTOP');
  const family = [pid, ...(await listChildren(pid))];
  for (const member of family) signal(member, 'SIGKILL');
  await waitUntilGone(family, immediateShutdownMs);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function waitUntilGone(pids: readonly number[], withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (Date.now() < deadline) {
    if (!(await Promise.all(pids.map(isAlive))).includes(true)) return true;
    await sleep(20);
  }
  return false;
}

/** Process ids of the direct children; PostgreSQL's children have none of their own that matter. */
async function listChildren(parent: number): Promise<readonly number[]> {
  const rows = process.platform === 'linux' ? await readProcesses() : await listProcesses();
  return rows.filter(([, parentPid]) => parentPid === parent).map(([pid]) => pid);
}

type ProcessRow = readonly [pid: number, parentPid: number];

async function readProcesses(): Promise<readonly ProcessRow[]> {
  const pids = (await readdir('/proc')).map(Number).filter(Number.isInteger);
  return Promise.all(
    pids.map(async (pid): Promise<ProcessRow> => {
      const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
      return [pid, Number(/^PPid:\s+(\d+)/m.exec(status)?.[1])];
    }),
  );
}

async function listProcesses(): Promise<readonly ProcessRow[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=']);
  return stdout.split('\n').map((line): ProcessRow => {
    const [pid, parentPid] = line.trim().split(/\s+/).map(Number);
    return [pid ?? 0, parentPid ?? 0];
  });
}
