import { ErrorCode, type Queue, type RepeatOptions } from 'bullmq';
import type { JobDeclaration } from './job-declaration.js';

/** The part of a BullMQ queue that keeps job schedulers. */
export type Schedulers = Pick<Queue, 'upsertJobScheduler' | 'getJobSchedulers' | 'removeJobScheduler'>;

/** First pause before a failed due time is tried again; each further one is twice as long. */
const RETRY_PAUSE_MS = 1_000;

/** What BullMQ answers when the due job that an upsert would replace is running at this moment. */
const RUNNING_NOW: readonly unknown[] = [ErrorCode.SchedulerJobIdCollision, ErrorCode.SchedulerJobSlotsBusy];

/**
 * Writes the schedule into the queue. Idempotent, and safe in several workers at once: the next due time of a job that
 * is already there stays where it is.
 *
 * @throws the backend's error when the queue cannot be written
 */
export async function writeSchedule(queue: Schedulers, schedule: readonly JobDeclaration[]): Promise<void> {
  for (const job of schedule) {
    try {
      await queue.upsertJobScheduler(job.name, repetition(job), {
        name: job.name,
        opts: {
          attempts: job.attempts,
          backoff: { type: 'exponential', delay: RETRY_PAUSE_MS },
          // On PostgreSQL trimming to a count deadlocks (6.7.0), and nobody reads finished jobs.
          removeOnComplete: true,
          removeOnFail: true,
        },
      });
    } catch (error) {
      if (!RUNNING_NOW.includes((error as { code?: unknown }).code)) throw error;
    }
  }
}

/**
 * Removes job schedulers that are not in the schedule and returns their names.
 *
 * Only for the moment at which a worker connects: while two versions run side by side, each would otherwise go on
 * removing the jobs of the other. What one version removes at its start, the other writes again within its interval.
 */
export async function removeStaleSchedulers(
  queue: Schedulers,
  schedule: readonly JobDeclaration[],
): Promise<string[]> {
  const names = new Set(schedule.map(({ name }) => name));
  const stale = (await queue.getJobSchedulers()).map(({ key }) => key).filter((key) => !names.has(key));
  for (const key of stale) await queue.removeJobScheduler(key);
  return stale;
}

function repetition({ schedule }: JobDeclaration): Omit<RepeatOptions, 'key'> {
  return 'cron' in schedule ? { pattern: schedule.cron, tz: 'UTC' } : { every: schedule.everyMs };
}
