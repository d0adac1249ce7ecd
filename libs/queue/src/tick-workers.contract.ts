import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Settings } from '@lib/config';
import { projectRoot } from '@lib/database';
import { startTickWorker, type TickJob, type TickWorker } from './tick-worker.contract.js';

/** One begun run. */
export interface Run {
  worker: string;
  job: string;
  at: number;
}

/** The runs of all workers of a test, and the workers to end after it. */
export class TickWorkers {
  readonly runs: Run[] = [];
  private readonly open: { close(): Promise<void> }[] = [];
  private readonly children: ChildProcess[] = [];

  async start(
    settings: Settings,
    worker: string,
    jobs: readonly TickJob[],
    options?: Parameters<typeof startTickWorker>[3],
  ): Promise<TickWorker> {
    const started = await startTickWorker(settings, this.report(worker), jobs, options);
    this.open.push(started);
    return started;
  }

  /** A worker in a process of its own. Resolves after its first run. */
  async spawn(settings: Settings, worker: string, jobs: readonly TickJob[]): Promise<ChildProcess> {
    const report = this.report(worker);
    const child = spawn(
      process.execPath,
      ['--input-type=module', '-e', CHILD, JSON.stringify({ settings, jobs, root: projectRoot() })],
      { cwd: projectRoot(), stdio: ['ignore', 'pipe', 'inherit'] },
    );
    this.children.push(child);
    const lines = createInterface(child.stdout);
    const firstRun = once(lines, 'line');
    lines.on('line', (line) => report(line));
    await Promise.race([
      firstRun,
      once(child, 'exit').then(() => Promise.reject(new Error('the worker process ended'))),
    ]);
    return child;
  }

  /** Begun runs of a job, oldest first; of one worker, or of all. */
  of(job: string, worker?: string): Run[] {
    return this.runs.filter((run) => run.job === job && (worker === undefined || run.worker === worker));
  }

  async end(): Promise<void> {
    for (const child of this.children) child.kill('SIGKILL');
    await Promise.all(this.open.map((worker) => worker.close()));
  }

  private report(worker: string): (job: string) => void {
    return (job) => this.runs.push({ worker, job, at: Date.now() });
  }
}

/** Compiles TypeScript on the fly, as Jest does, so that the process needs no build. */
const CHILD = `
import { readFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import { transformSync } from '@swc/core';
const { settings, jobs, root } = JSON.parse(process.argv[1]);
const { $schema, ...swcrc } = JSON.parse(readFileSync(root + '/.swcrc', 'utf8'));
const options = { ...swcrc, sourceMaps: false, configFile: false, swcrc: false, module: { type: 'commonjs' } };
Module._extensions['.ts'] = (module, filename) =>
  module._compile(transformSync(readFileSync(filename, 'utf8'), { ...options, filename }).code, filename);
const { resolveTypeScriptSources } = await import(root + '/scripts/resolve-typescript-sources.mjs');
resolveTypeScriptSources(root);
const { startTickWorker } = createRequire(root + '/')('./libs/queue/src/tick-worker.contract.ts');
await startTickWorker(settings, (job) => console.log(job), jobs);
`;

/** Resolves when `holds` does. @throws after `ms` with the last error */
export async function eventually(holds: () => void, ms = 10_000): Promise<void> {
  const end = Date.now() + ms;
  for (;;) {
    try {
      holds();
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
      await sleep(50);
    }
  }
}
