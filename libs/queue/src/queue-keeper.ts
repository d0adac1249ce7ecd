import type { CheckResult } from '@lib/observability';
import type { Logger } from 'pino';
import type { JobDeclaration } from './job-declaration.js';
import type { JobRunner } from './job-runner.js';
import type { OpenQueue, QueueBackend } from './queue-backend.js';
import { removeStaleSchedulers, writeSchedule } from './sync-schedule.js';
import { withDeadline } from './with-deadline.js';

export interface KeeperTiming {
  /** How often the connection is looked at. */
  heartbeatMs: number;
  /** How often the schedule is written again: an emptied Redis has it back after at most this long. */
  scheduleMs: number;
}

const LONGEST_PAUSE_MS = 5_000;
const TEND_MS = 10_000;
const CLOSE_MS = 8_000;

/**
 * Keeps the queue open for as long as the process lives, whatever happens to the backend.
 *
 * A connection that fails once is thrown away; a new one is opened, with growing pauses, and the schedule is written
 * again. While there is none, jobs are late; none is lost, because what they would do stands in PostgreSQL.
 */
export class QueueKeeper {
  /** What readiness shows. */
  state: CheckResult = { status: 'degraded', reason: 'the queue has not been opened yet' };
  private queue: OpenQueue | undefined;
  private scheduleDue = 0;
  private errors = 0;
  private stopping = false;
  private endPause: () => void = () => undefined;
  private loop: Promise<void> = Promise.resolve();

  constructor(
    private readonly backend: QueueBackend,
    private readonly schedule: readonly JobDeclaration[],
    private readonly runner: JobRunner,
    private readonly logger: Logger,
    private readonly timing: KeeperTiming,
  ) {}

  /** Begins, and returns at once. */
  start(): void {
    this.loop = this.keep();
  }

  /** Takes no further job and waits for handlers, for at most `ms`; what still runs then is abandoned. Never rejects. */
  async stop(ms: number): Promise<void> {
    this.stopping = true;
    this.endPause();
    try {
      await withDeadline(this.finish(), ms, 'waiting for jobs');
    } catch (error) {
      this.logger.error({ err: error, running: this.runner.running }, 'jobs were abandoned at shutdown');
      await this.queue?.abandon();
    }
  }

  private async finish(): Promise<void> {
    await this.loop;
    const { queue } = this;
    await queue?.pause();
    await this.runner.idle();
    try {
      // BullMQ waits for its backend, which may hang.
      if (queue !== undefined) await withDeadline(queue.close(), CLOSE_MS, 'closing the queue');
    } catch (error) {
      this.logger.warn({ err: error }, 'the queue was left without a farewell');
      await queue?.abandon();
    }
    // A job that was being fetched during the pause has begun since.
    await this.runner.idle();
    this.queue = undefined;
  }

  private async keep(): Promise<void> {
    for (let failures = 0; !this.stopping;) {
      try {
        await this.tend((this.queue ??= await this.openQueue()));
        failures = 0;
        await this.pause(this.timing.heartbeatMs);
      } catch (error) {
        this.report('degraded', `${this.backend.name} cannot be reached or used: jobs are late`, error);
        await this.queue?.abandon();
        this.queue = undefined;
        await this.pause(Math.min(250 * 2 ** failures, LONGEST_PAUSE_MS));
        failures += 1;
      }
    }
  }

  private async openQueue(): Promise<OpenQueue> {
    this.scheduleDue = 0;
    const queue = await this.backend.open({
      process: async (job) => {
        // The error is in the log; BullMQ only needs to know that there was one.
        if ((await this.runner.run(job)) === 'failed') throw new Error(`${job} failed`);
      },
      failed: (error) => this.noteError(error),
    });
    return queue;
  }

  private async tend(queue: OpenQueue): Promise<void> {
    const isNew = this.scheduleDue === 0;
    if (Date.now() < this.scheduleDue && this.errors === 0) {
      await withDeadline(queue.ping(), TEND_MS, 'a ping of the queue');
      return;
    }
    this.errors = 0;
    const write = async (): Promise<string | undefined> => {
      const stale = isNew ? await removeStaleSchedulers(queue.schedulers, this.schedule) : [];
      if (stale.length > 0) this.logger.info({ jobs: stale }, 'removed jobs that are no longer scheduled');
      await writeSchedule(queue.schedulers, this.schedule);
      return queue.concern();
    };
    const concern = await withDeadline(write(), TEND_MS, 'writing the schedule');
    this.scheduleDue = Date.now() + this.timing.scheduleMs;
    this.report(concern === undefined ? 'up' : 'degraded', concern);
  }

  /** BullMQ may have failed to plan a next run: the next look writes the schedule instead of only pinging. */
  private noteError(error: Error): void {
    this.errors += 1;
    if (this.errors === 1 && !this.stopping) this.logger.warn({ err: error }, 'the queue reports an error');
  }

  private report(status: 'up' | 'degraded', reason?: string, error?: unknown): void {
    const news = status !== this.state.status || reason !== this.state.reason;
    this.state = { status, ...(reason !== undefined && { reason }) };
    if (!news || this.stopping) return;
    if (status === 'up') this.logger.info({ backend: this.backend.name }, 'the queue is open');
    else this.logger.warn({ err: error, reason }, 'the queue is degraded');
  }

  private pause(ms: number): Promise<void> {
    if (this.stopping) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
