import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChildLog } from './child-log.js';
import type { RunningService, Service } from './kept-service.js';

/**
 * As the image's entrypoint starts them. With a young generation of 64 MB most parts of a batch die before they are copied
 * twice; it costs memory under full load.
 */
const NODE_FLAGS = ['--enable-source-maps', '--max-semi-space-size=64'];

/** How long an orderly end may take before the process is killed. */
const STOP_MS = 20_000;

export interface ChildServiceOptions {
  name: string;
  /** The program's compiled entry file. */
  entry: string;
  /** The environment of the next start. */
  environment: () => Record<string, string>;
  log: ChildLog;
}

/**
 * A Node.js program of this product as a child process.
 *
 * It has a process group of its own, so that Ctrl-C in a terminal reaches only the supervisor, which ends its children
 * in order; and an IPC channel, by which the child notices when the supervisor is gone.
 */
export function childService({ name, entry, environment, log }: ChildServiceOptions): Service {
  return {
    name,
    lastLines: () => log.lastLines(),
    start: async () => {
      const child = spawn(process.execPath, [...NODE_FLAGS, entry], {
        env: environment(),
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        detached: process.platform !== 'win32',
        windowsHide: true,
      });
      if (child.stdout) log.follow(child.stdout, false);
      if (child.stderr) log.follow(child.stderr, true);
      return runningChild(child);
    },
  };
}

function runningChild(child: ChildProcess): RunningService {
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`could not be run: ${error.message}`));
    // `close` comes after the last line of output, `exit` may come before it.
    child.once('close', (code, signal) =>
      resolve(signal === null ? `ended with exit code ${code ?? 'unknown'}` : `was ended by ${signal}`),
    );
  });
  return {
    ended,
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
    stop: async () => {
      child.kill('SIGTERM');
      const timer = new AbortController();
      const late = sleep(STOP_MS, 'late', { signal: timer.signal }).catch(() => 'in time');
      if ((await Promise.race([ended, late])) === 'late') child.kill('SIGKILL');
      timer.abort();
      await ended;
    },
  };
}
