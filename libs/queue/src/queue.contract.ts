import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Settings } from '@lib/config';
import { register } from 'prom-client';
import type { TickJob } from './tick-worker.contract.js';
import { eventually, TickWorkers } from './tick-workers.contract.js';

/** A backend to judge: where it is, and how it is emptied as FLUSHALL or a lost disk would. */
export interface QueueUnderTest {
  settings: Settings;
  /** Removes everything that the queue holds, schedule included. */
  empty(): Promise<void>;
  stop(): Promise<void>;
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
    let workers: TickWorkers;
    beforeAll(async () => {
      backend = await start();
    });
    afterAll(() => backend.stop());
    afterEach(async () => {
      await workers.end();
      await backend.empty();
    });
    const boot = (worker: string, jobs: readonly TickJob[], options?: Parameters<TickWorkers['start']>[3]) =>
      workers.start(backend.settings, worker, jobs, options);

    test('a job runs again and again on its schedule', async () => {
      workers = new TickWorkers();
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
      workers = new TickWorkers();
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
      workers = new TickWorkers();
      const worker = await boot('a', ['frail', 'tick']);
      await eventually(() => expect(workers.of('frail').length).toBeGreaterThanOrEqual(4));
      expect(workers.of('tick').length).toBeGreaterThanOrEqual(2);
      expect(worker.state().status).toBe('up');
    });

    test('a failed due time is tried again when the job has attempts left', async () => {
      workers = new TickWorkers();
      await boot('a', ['stubborn']);
      await eventually(() => expect(workers.of('stubborn')).toHaveLength(2));
      await sleep(2_500);
      expect(workers.of('stubborn')).toHaveLength(2);
    });

    test('when a worker is killed the other continues', async () => {
      workers = new TickWorkers();
      const child = await workers.spawn(backend.settings, 'child', ['tick', 'slow']);
      await boot('b', ['tick', 'slow']);
      await eventually(() => expect(workers.of('slow', 'child')).not.toHaveLength(0));
      child.kill('SIGKILL');
      await once(child, 'exit');
      const killedAt = Date.now();
      const after = () => workers.of('tick', 'b').filter(({ at }) => at > killedAt);
      // A busy machine ticks more slowly; what matters is that the other goes on ticking.
      for (let tries = 0; after().length < 4 && tries < 40; tries += 1) await sleep(500);
      expect(after().length).toBeGreaterThanOrEqual(4);
      expect(workers.of('slow', 'b').filter(({ at }) => at > killedAt)).not.toHaveLength(0);
    });

    test('an emptied queue gets its schedule back', async () => {
      workers = new TickWorkers();
      await boot('a', ['tick']);
      await eventually(() => expect(workers.of('tick')).not.toHaveLength(0));
      await backend.empty();
      const emptiedAt = Date.now();
      await eventually(() =>
        expect(workers.of('tick').filter(({ at }) => at > emptiedAt + 1_000).length).toBeGreaterThan(2),
      );
    });

    test('a job is not started while it is still running here', async () => {
      workers = new TickWorkers();
      await boot('a', ['slow']);
      await eventually(() => expect(workers.of('slow').length).toBeGreaterThanOrEqual(3), 15_000);
      const order = workers.runs.map(({ job }) => job);
      order.forEach((job, index) => expect(job).toBe(index % 2 === 0 ? 'slow' : 'slow finished'));
    });

    test('shutdown waits for the handler that runs, and takes no other job', async () => {
      workers = new TickWorkers();
      const worker = await boot('a', ['slow', 'tick']);
      await eventually(() => expect(workers.of('slow')).toHaveLength(1));
      await worker.close();
      expect(workers.of('slow finished')).toHaveLength(1);
      const runs = workers.runs.length;
      await sleep(1_000);
      expect(workers.runs).toHaveLength(runs);
    });

    test('shutdown does not wait for ever', async () => {
      workers = new TickWorkers();
      const worker = await boot('a', ['slow'], { timing: { closeMs: 300 } });
      await eventually(() => expect(workers.of('slow')).toHaveLength(1));
      const started = Date.now();
      await worker.close();
      expect(Date.now() - started).toBeLessThan(1_000);
      expect(workers.of('slow finished')).toHaveLength(0);
      await eventually(() => expect(workers.of('slow finished')).toHaveLength(1));
    });

    test('a rare job runs once when a worker starts', async () => {
      workers = new TickWorkers();
      const first = await boot('a', ['rare']);
      await eventually(() => expect(workers.of('rare')).toHaveLength(1));
      await first.close();
      await boot('b', ['rare']);
      await eventually(() => expect(workers.of('rare', 'b')).toHaveLength(1));
      await sleep(1_500);
      expect(workers.of('rare')).toHaveLength(2);
    });

    test('a job that left the schedule no longer runs', async () => {
      workers = new TickWorkers();
      const old = await boot('old', ['tick', 'frail']);
      await eventually(() => expect(workers.of('frail')).not.toHaveLength(0));
      await old.close();
      const runs = workers.of('frail').length;
      const worker = await boot('new', ['tick']);
      await eventually(() => expect(workers.of('tick', 'new').length).toBeGreaterThan(1));
      // Due jobs that already waited may still be taken; then there are no more.
      let unknown = -1;
      for (let rounds = 4; rounds > 0 && unknown !== (await unknownJobs()); rounds -= 1) {
        unknown = await unknownJobs();
        await sleep(1_500);
      }
      expect(await unknownJobs()).toBe(unknown);
      expect(workers.of('frail')).toHaveLength(runs);
      expect(worker.state().status).toBe('up');
    });

    test('the boot fails when a scheduled job has no handler', async () => {
      workers = new TickWorkers();
      await expect(boot('a', ['tick', 'rare'], { handled: ['tick'] })).rejects.toThrow(
        /job 'rare' has no handler/,
      );
    });

    test('the boot fails when a handler is not in the schedule', async () => {
      workers = new TickWorkers();
      await expect(boot('a', ['tick'], { handled: ['tick', 'rare'] })).rejects.toThrow(
        /Rare handles job 'rare', which is not in the schedule/,
      );
    });
  });
}
