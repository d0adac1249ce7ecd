import { readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** A server that is running, or starting, in a cluster. */
export interface RunningPostmaster {
  readonly pid: number;
  /** Socket directory or address; undefined while the server has not opened it yet. */
  readonly host: string | undefined;
  readonly port: number;
}

const onLinux = process.platform === 'linux';

/** The live postmaster of a PostgreSQL data directory, as its `postmaster.pid` describes it; else undefined. */
export async function findPostmaster(data: string): Promise<RunningPostmaster | undefined> {
  const [pid, , , port, socketDirectory, address] = await readPidFile(data);
  if (!(await isPostmasterOf(Number(pid), data))) return undefined;
  return { pid: Number(pid), port: Number(port), host: socketDirectory || address || undefined };
}

/**
 * True while the process runs PostgreSQL in exactly this data directory. A process id alone proves little: after a
 * reboot, or in a restarted container, it belongs to another program.
 */
export async function isPostmasterOf(pid: number, data: string): Promise<boolean> {
  if (!(await isAlive(pid))) return false;
  return !onLinux || (await readCommandLine(pid)).includes(data);
}

/** True while a process exists. A zombie, which waits only for its parent to read its exit code, does not. */
export async function isAlive(pid: number): Promise<boolean> {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return !onLinux || !/\) [ZX] /.test(await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') X '));
}

/**
 * Removes a `postmaster.pid` that PostgreSQL itself would believe: the process it names is a zombie, or is another
 * program that got the same number. A second server stays impossible without the file, because PostgreSQL also
 * checks the shared memory of the data directory. Does nothing outside Linux, where we cannot tell.
 */
export async function discardStalePidFile(data: string): Promise<void> {
  const pid = Number((await readPidFile(data))[0]);
  // Without a number it is not there, or a server that starts at this moment is about to write it.
  if (!onLinux || !Number.isInteger(pid) || pid <= 0) return;
  const program = basename((await readCommandLine(pid))[0] ?? '');
  const mayBePostgres = (await isAlive(pid)) && (program === '' || program.startsWith('postgres'));
  if (!mayBePostgres) await rm(join(data, 'postmaster.pid'), { force: true });
}

async function readPidFile(data: string): Promise<readonly string[]> {
  const content = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '');
  return content.split('\n').map((line) => line.trim());
}

async function readCommandLine(pid: number): Promise<readonly string[]> {
  return (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
}
