import type { Logger } from 'pino';
import type { JobHandler } from './job-declaration.js';
import { announceJob, countUnhandled, recordRun, type Outcome } from './job-metrics.js';

/** Calls handlers, each at most once at a time in this process, and records how they ended. */
export class JobRunner {
  private readonly runs = new Map<string, Promise<Outcome>>();

  constructor(
    private readonly handlers: ReadonlyMap<string, JobHandler>,
    private readonly logger: Logger,
  ) {
    for (const name of handlers.keys()) announceJob(name);
  }

  /** Names of the jobs whose handlers are running. */
  get running(): readonly string[] {
    return [...this.runs.keys()];
  }

  /** Runs the job's handler and says how it ended. Never rejects: a failure is logged, counted and returned. */
  async run(job: string): Promise<Outcome> {
    const handler = this.handlers.get(job);
    if (handler === undefined) {
      // While versions change, another process may have scheduled a job that is new or that is gone here.
      this.logger.warn({ job }, 'the queue holds a job that this version does not know');
      countUnhandled(job, 'unknown');
      return 'unknown';
    }
    if (this.runs.has(job)) {
      countUnhandled(job, 'skipped');
      return 'skipped';
    }
    const run = this.call(job, handler);
    this.runs.set(job, run);
    return run.finally(() => this.runs.delete(job));
  }

  /** Resolves when no handler is running. */
  async idle(): Promise<void> {
    while (this.runs.size > 0) await Promise.all(this.runs.values());
  }

  private async call(job: string, handler: JobHandler): Promise<'succeeded' | 'failed'> {
    const started = performance.now();
    const elapsed = () => performance.now() - started;
    try {
      const report = await handler.run();
      recordRun(job, 'succeeded', elapsed() / 1_000);
      this.logger.debug({ job, ms: Math.round(elapsed()), ...report }, 'job done');
      return 'succeeded';
    } catch (error) {
      recordRun(job, 'failed', elapsed() / 1_000);
      this.logger.error({ job, ms: Math.round(elapsed()), err: error }, 'job failed');
      return 'failed';
    }
  }
}
