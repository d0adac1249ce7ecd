import { describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { register } from 'prom-client';
import type { JobHandler } from './job-declaration.js';
import { JobRunner } from './job-runner.js';

const silent = pino({ level: 'silent' });

function gate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

async function valueOf(metric: string, labels: Record<string, string>): Promise<number | undefined> {
  const { values } = (await register.getSingleMetric(metric)!.get()) as {
    values: { labels: Record<string, string>; value: number }[];
  };
  return values.find((entry) => Object.entries(labels).every(([name, value]) => entry.labels[name] === value))
    ?.value;
}

describe('JobRunner', () => {
  test('a job that is still running is skipped, and runs again when it has finished', async () => {
    const { opened, open } = gate();
    let runs = 0;
    const handler: JobHandler = {
      run: async () => {
        runs += 1;
        await opened;
      },
    };
    const runner = new JobRunner(new Map([['slow', handler]]), silent);
    const first = runner.run('slow');
    expect(await runner.run('slow')).toBe('skipped');
    expect(runner.running).toEqual(['slow']);
    open();
    expect(await first).toBe('succeeded');
    expect(await runner.run('slow')).toBe('succeeded');
    expect(runs).toBe(2);
    expect(await valueOf('job_runs_total', { job: 'slow', outcome: 'skipped' })).toBe(1);
  });

  test('one job does not wait for another', async () => {
    const { opened, open } = gate();
    const runner = new JobRunner(
      new Map<string, JobHandler>([
        ['long', { run: () => opened }],
        ['short', { run: async () => ({ rows: 1 }) }],
      ]),
      silent,
    );
    const long = runner.run('long');
    expect(await runner.run('short')).toBe('succeeded');
    open();
    await long;
  });

  test('a handler that throws, at once or later, is counted and may run again', async () => {
    let attempt = 0;
    const handler: JobHandler = {
      run: (): Promise<void> => {
        attempt += 1;
        if (attempt === 1) throw new Error('at once');
        return attempt === 2 ? Promise.reject(new Error('later')) : Promise.resolve();
      },
    };
    const runner = new JobRunner(new Map([['frail', handler]]), silent);
    expect(await runner.run('frail')).toBe('failed');
    expect(await valueOf('job_last_success_timestamp_seconds', { job: 'frail' })).toBeUndefined();
    expect(await runner.run('frail')).toBe('failed');
    expect(await runner.run('frail')).toBe('succeeded');
    expect(await valueOf('job_runs_total', { job: 'frail', outcome: 'failed' })).toBe(2);
    expect(await valueOf('job_last_success_timestamp_seconds', { job: 'frail' })).toBeCloseTo(
      Date.now() / 1_000,
      -1,
    );
  });

  test('a job that this version does not know is counted, not run', async () => {
    const runner = new JobRunner(new Map(), silent);
    expect(await runner.run('from-the-future')).toBe('unknown');
  });

  test('counters exist before the first run', async () => {
    new JobRunner(new Map([['fresh', { run: async () => undefined }]]), silent);
    expect(await valueOf('job_runs_total', { job: 'fresh', outcome: 'failed' })).toBe(0);
  });

  test('idle waits for what is running', async () => {
    const { opened, open } = gate();
    const runner = new JobRunner(new Map([['last', { run: () => opened }]]), silent);
    const run = runner.run('last');
    let idle = false;
    const waiting = runner.idle().then(() => (idle = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(idle).toBe(false);
    open();
    await Promise.all([run, waiting]);
    expect(runner.running).toEqual([]);
  });
});
