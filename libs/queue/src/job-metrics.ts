import { Counter, Gauge, Histogram } from 'prom-client';

/**
 * How a due job ended: its handler finished, its handler threw, it was still running here, or this version of the
 * program does not know it.
 */
export type Outcome = 'succeeded' | 'failed' | 'skipped' | 'unknown';

const runs = new Counter({
  name: 'job_runs_total',
  help: 'Due jobs taken by this process, by job and outcome.',
  labelNames: ['job', 'outcome'],
});
const duration = new Histogram({
  name: 'job_duration_seconds',
  help: 'How long handlers ran, failures included.',
  labelNames: ['job'],
  buckets: [0.005, 0.025, 0.1, 0.5, 1, 5, 15, 60, 300, 1_800],
});
const lastSuccess = new Gauge({
  name: 'job_last_success_timestamp_seconds',
  help: 'When a handler last finished in this process, in seconds since 1970. Absent until it has.',
  labelNames: ['job'],
});

/** Shows a job's counters before its first run, so that an alert on their increase sees the first failure. */
export function announceJob(job: string): void {
  for (const outcome of ['succeeded', 'failed', 'skipped']) runs.inc({ job, outcome }, 0);
}

/** Counts a due job that did not reach its handler. */
export function countUnhandled(job: string, outcome: 'skipped' | 'unknown'): void {
  // The name of an unknown job comes from the queue: as a label it could be anything.
  runs.inc({ job: outcome === 'unknown' ? '(unknown)' : job, outcome });
}

/** Records one run of a handler. */
export function recordRun(job: string, outcome: 'succeeded' | 'failed', seconds: number): void {
  runs.inc({ job, outcome });
  duration.observe({ job }, seconds);
  if (outcome === 'succeeded') lastSuccess.set({ job }, Date.now() / 1_000);
}
