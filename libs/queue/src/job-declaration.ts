import { getNextMillis } from 'bullmq';

/**
 * When a job is due: every so many milliseconds, or at the minutes that a cron expression of five fields names in UTC.
 */
export type JobSchedule = { readonly everyMs: number } | { readonly cron: string };

/**
 * A job as one value: its name, its schedule, and how often one due time is tried.
 *
 * A job carries no data. It says "look whether there is work"; the work itself stands in PostgreSQL, where a lost queue
 * cannot lose it.
 */
export interface JobDeclaration {
  readonly name: string;
  readonly schedule: JobSchedule;
  /** Tries of one due time, with growing pauses. With 1, a failure waits for the next due time. */
  readonly attempts: number;
}

/** What one run did, as counts for the log: `{ buckets: 12, tenants: 3 }`. */
export type JobReport = Record<string, number>;

/**
 * The class that does a job, found by `@HandlesJob`.
 *
 * `run` may be called in several processes at once and again after a crash, so it claims its work in PostgreSQL and is
 * idempotent. Within one process it is never called while it is still running.
 */
export interface JobHandler {
  run(): Promise<JobReport | undefined> | Promise<void>;
}

/** Jobs that are due at least this rarely also run once when a worker starts. */
const LONG_INTERVAL_MS = 60_000;
const SHORTEST_INTERVAL_MS = 100;

/**
 * Declares a job. `attempts` is 1 unless given.
 *
 * @throws Error when the name is not in kebab case, the interval is below 100 ms or the cron expression does not have
 * five valid fields
 */
export function defineJob(job: { name: string; schedule: JobSchedule; attempts?: number }): JobDeclaration {
  const { name, schedule, attempts = 1 } = job;
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
    throw new Error(`job name '${name}' must be in kebab case, such as refresh-aggregates`);
  }
  if (!Number.isInteger(attempts) || attempts < 1) {
    throw new Error(`job '${name}': attempts must be a whole number from 1`);
  }
  const fault = scheduleFault(schedule);
  if (fault !== undefined) throw new Error(`job '${name}': ${fault}`);
  return { name, schedule, attempts };
}

/**
 * Whether a job also runs once when a worker starts, so that a restart or an emptied queue does not put a rare job off
 * by a whole interval. Cron expressions name minutes, so their jobs do.
 */
export function runsAtStart({ schedule }: JobDeclaration): boolean {
  return 'cron' in schedule || schedule.everyMs >= LONG_INTERVAL_MS;
}

function scheduleFault(schedule: JobSchedule): string | undefined {
  if ('everyMs' in schedule) {
    return Number.isInteger(schedule.everyMs) && schedule.everyMs >= SHORTEST_INTERVAL_MS
      ? undefined
      : `everyMs must be a whole number from ${SHORTEST_INTERVAL_MS}`;
  }
  if (schedule.cron.trim().split(/\s+/).length !== 5) return `cron '${schedule.cron}' must have five fields`;
  try {
    getNextMillis(Date.now(), { pattern: schedule.cron, tz: 'UTC' });
    return undefined;
  } catch (error) {
    return `cron '${schedule.cron}' is not valid: ${(error as Error).message}`;
  }
}
