import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Settings } from '@lib/config';
import { projectRoot } from '@lib/database';
import { register } from 'prom-client';
import { startTickWorker, type TickJob, type TickWorker } from './tick-worker.contract.js';

/** A backend to judge: where it is, and how it is emptied as FLUSHALL or a lost disk would. */
export interface QueueUnderTest {
  settings: Settings;
  /** Removes everything that the queue holds, schedule included. */
  empty(): Promise<void>;
  stop(): Promise<void>;
}

/** One begun run. */
export interface Run {
  worker: string;
  job: string;
  at: number;
}

/** The runs of all workers of a test, and the workers to end after it. */
export class Workers {
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

/** How many due jobs this process has taken for which it has no handler. */
async function unknownJobs(): Promise<number> {
  const text = await register.getSingleMetricAsString('job_runs_total');
  return Number(/outcome="unknown"} (\d+)/.exec(text)?.[1] ?? 0);
}

/** What every backend promises. */
export function queueContract(name: string, start: () => Promise<QueueUnderTest>): void {
  describe(`jobs on ${name}`, () => {
    let backend: QueueUnderTest;
    let workers: Workers;
    beforeAll(async () => {
      backend = await start();
    });
    afterAll(() => backend.stop());
    afterEach(async () => {
      await workers.end();
      await backend.empty();
    });
    const boot = (worker: string, jobs: readonly TickJob[], options?: Parameters<Workers['start']>[3]) =>
      workers.start(backend.settings, worker, jobs, options);

    test('a job runs again and again on its schedule', async () => {
      workers = new Workers();
      const worker = await boot('a', ['tick']);
      await eventually(() => expect(workers.of('tick')).not.toHaveLength(0));
      expect(worker.state()).toEqual({ status: 'up' });
      const before = workers.of('tick').length;
      await sleep(2_000);
      const ticks = workers.of('tick').length - before;
      expect(ticks).toBeGreaterThanOrEqual(3);
      expect(ticks).toBeLessThanOrEqual(5);
    });

    test('two workers share the schedule: each tick runs about once', async () => {
      workers = new Workers();
      await boot('a', ['tick']);
      await boot('b', ['tick']);
      await eventually(() => expect(workers.of('tick').length).toBeGreaterThan(2));
      const before = workers.of('tick').length;
      await sleep(4_000);
      const ticks = workers.of('tick').length - before;
      expect(ticks).toBeGreaterThanOrEqual(6);
      expect(ticks).toBeLessThanOrEqual(10);
    });

    test('a handler that throws neither stops its own next run nor another job', async () => {
      workers = new Workers();
      const worker = await boot('a', ['frail', 'tick']);
      await eventually(() => expect(workers.of('frail').length).toBeGreaterThanOrEqual(4));
      expect(workers.of('tick').length).toBeGreaterThanOrEqual(2);
      expect(worker.state().status).toBe('up');
    });

    test('a failed due time is tried again when the job has attempts left', async () => {
      workers = new Workers();
      await boot('a', ['stubborn']);
      // One run at the start of the process, one due time tried twice; at most one of them meets a run in progress.
      await eventually(() => expect(workers.of('stubborn').length).toBeGreaterThanOrEqual(2));
      await sleep(2_000);
      expect(workers.of('stubborn').length).toBeLessThanOrEqual(3);
    });

    test('when a worker is killed the other continues', async () => {
      workers = new Workers();
      const child = await workers.spawn(backend.settings, 'child', ['tick', 'slow']);
      await boot('b', ['tick', 'slow']);
      await eventually(() => expect(workers.of('slow', 'child')).not.toHaveLength(0));
      child.kill('SIGKILL');
      await once(child, 'exit');
      const killedAt = Date.now();
      await sleep(3_000);
      const after = workers.of('tick', 'b').filter(({ at }) => at > killedAt);
      expect(after.length).toBeGreaterThanOrEqual(4);
      expect(workers.of('slow', 'b').filter(({ at }) => at > killedAt)).not.toHaveLength(0);
    });

    test('an emptied queue gets its schedule back', async () => {
      workers = new Workers();
      await boot('a', ['tick']);
      await eventually(() => expect(workers.of('tick')).not.toHaveLength(0));
      await backend.empty();
      const emptiedAt = Date.now();
      await eventually(() =>
        expect(workers.of('tick').filter(({ at }) => at > emptiedAt + 1_000).length).toBeGreaterThan(2),
      );
    });

    test('a job is not started while it is still running here', async () => {
      workers = new Workers();
      await boot('a', ['slow']);
      await eventually(() => expect(workers.of('slow').length).toBeGreaterThanOrEqual(3), 15_000);
      const order = workers.runs.map(({ job }) => job);
      order.forEach((job, index) => expect(job).toBe(index % 2 === 0 ? 'slow' : 'slow finished'));
    });

    test('shutdown waits for the handler that runs, and takes no other job', async () => {
      workers = new Workers();
      const worker = await boot('a', ['slow', 'tick']);
      await eventually(() => expect(workers.of('slow')).toHaveLength(1));
      await worker.close();
      expect(workers.of('slow finished')).toHaveLength(1);
      const runs = workers.runs.length;
      await sleep(1_000);
      expect(workers.runs).toHaveLength(runs);
    });

    test('shutdown does not wait for ever', async () => {
      workers = new Workers();
      const worker = await boot('a', ['slow'], { timing: { closeMs: 300 } });
      await eventually(() => expect(workers.of('slow')).toHaveLength(1));
      const started = Date.now();
      await worker.close();
      expect(Date.now() - started).toBeLessThan(1_000);
      expect(workers.of('slow finished')).toHaveLength(0);
      await eventually(() => expect(workers.of('slow finished')).toHaveLength(1));
    });

    test('a rare job runs once when a worker starts', async () => {
      workers = new Workers();
      const first = await boot('a', ['rare']);
      await eventually(() => expect(workers.of('rare')).toHaveLength(1));
      await first.close();
      await boot('b', ['rare']);
      await eventually(() => expect(workers.of('rare', 'b')).toHaveLength(1));
      await sleep(1_500);
      expect(workers.of('rare')).toHaveLength(2);
    });

    test('a job that left the schedule no longer runs', async () => {
      workers = new Workers();
      const old = await boot('old', ['tick', 'frail']);
      await eventually(() => expect(workers.of('frail')).not.toHaveLength(0));
      await old.close();
      const runs = workers.of('frail').length;
      const worker = await boot('new', ['tick']);
      await eventually(() => expect(workers.of('tick', 'new').length).toBeGreaterThan(1));
      const unknown = await unknownJobs();
      await sleep(1_500);
      expect(await unknownJobs()).toBe(unknown);
      expect(workers.of('frail')).toHaveLength(runs);
      expect(worker.state().status).toBe('up');
    });

    test('the boot fails when a scheduled job has no handler', async () => {
      workers = new Workers();
      await expect(boot('a', ['tick', 'rare'], { handled: ['tick'] })).rejects.toThrow(
        /job 'rare' has no handler/,
      );
    });

    test('the boot fails when a handler is not in the schedule', async () => {
      workers = new Workers();
      await expect(boot('a', ['tick'], { handled: ['tick', 'rare'] })).rejects.toThrow(
        /Rare handles job 'rare', which is not in the schedule/,
      );
    });
  });
}
