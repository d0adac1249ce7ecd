import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { projectRoot } from '@lib/database';
import { freePort } from './servers.js';

const START_MS = 60_000;

/** A process of the program, and everything that it has written to standard output and standard error. */
export interface StartedProcess {
  readonly origin: string;
  output(): string;
  /** Asks it to end and resolves when it is gone, with its exit code; null where the signal itself ended it. */
  stop(signal: 'SIGTERM' | 'SIGINT'): Promise<number | null>;
  /** Ends it as a crash does. */
  kill(): Promise<void>;
}

/** The program, compiled for one spec: what others build meanwhile changes nothing under its feet. */
export interface BuiltProgram {
  /** The directory of the compiled files. */
  readonly dist: string;
  /** Starts the API or the worker on loopback and waits until it has started. */
  start(part: 'api' | 'worker', environment: Readonly<Record<string, string>>): Promise<StartedProcess>;
  /** Kills what still runs and removes the copy. */
  remove(): void;
}

/** Compiles a copy of the sources. Takes some ten seconds. */
export function buildProgram(): BuiltProgram {
  const root = projectRoot();
  const directory = mkdtempSync(join(tmpdir(), 'podcast-program-'));
  for (const part of ['apps', 'libs', 'package.json', 'tsconfig.json', 'nest-cli.json', '.swcrc'])
    cpSync(join(root, part), join(directory, part), { recursive: true });
  for (const part of ['node_modules', 'db']) symlinkSync(join(root, part), join(directory, part));
  const nest = join(root, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js');
  const build = spawnSync(process.execPath, [nest, 'build', '--all'], { cwd: directory, encoding: 'utf8' });
  if (build.status !== 0) throw new Error(`the program does not build:\n${build.stdout}${build.stderr}`);
  const started: ChildProcess[] = [];
  return {
    dist: join(directory, 'dist'),
    start: async (part, environment) => {
      const port = String(await freePort());
      const child = spawn(process.execPath, [join(directory, 'dist', 'apps', part, 'src', 'main.js')], {
        cwd: directory,
        env: { BIND_ADDRESS: '127.0.0.1', PORT: port, WORKER_PORT: port, ...environment },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      started.push(child);
      return watch(child, `http://127.0.0.1:${port}`);
    },
    remove: () => {
      for (const child of started) child.kill('SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function watch(child: ChildProcess, origin: string): Promise<StartedProcess> {
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  for (const deadline = Date.now() + START_MS; ;) {
    if (child.exitCode !== null) throw new Error(`a process ended with ${child.exitCode}:\n${output}`);
    if (Date.now() > deadline) throw new Error(`a process does not start:\n${output}`);
    if ((await fetch(`${origin}/health/startup`).catch(() => undefined))?.status === 200) break;
    await sleep(100);
  }
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  };
  return {
    origin,
    output: () => output,
    stop: async (signal) => {
      await end(signal);
      return child.exitCode;
    },
    kill: () => end('SIGKILL'),
  };
}
