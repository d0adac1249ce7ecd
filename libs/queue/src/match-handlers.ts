import type { JobDeclaration, JobHandler } from './job-declaration.js';

/** A handler found in the application, and the job it says it does. */
export interface FoundHandler {
  readonly job: JobDeclaration;
  readonly handler: JobHandler;
  /** The class, for messages. */
  readonly className: string;
}

/** The schedule and the handlers do not fit. `faults` has one line a fault. */
export class ScheduleInvalid extends Error {
  constructor(readonly faults: readonly string[]) {
    super(`The job schedule is not usable:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
    this.name = 'ScheduleInvalid';
  }
}

/**
 * The handler of each job in the schedule, by the job's name.
 *
 * @throws ScheduleInvalid naming every fault at once: a job without a handler or with two, a handler whose job is not in
 * the schedule, two jobs of one name
 */
export function matchHandlers(
  schedule: readonly JobDeclaration[],
  found: readonly FoundHandler[],
): ReadonlyMap<string, JobHandler> {
  const faults = [
    ...schedule.flatMap((job) => faultsOfJob(job, found)),
    ...found
      .filter(({ job }) => !schedule.includes(job))
      .map(({ job, className }) => `${className} handles job '${job.name}', which is not in the schedule`),
    ...sharedNames([...schedule, ...new Set(found.map(({ job }) => job))], schedule),
  ];
  if (faults.length > 0) throw new ScheduleInvalid([...new Set(faults)]);
  return new Map(found.map(({ job, handler }) => [job.name, handler]));
}

function faultsOfJob(job: JobDeclaration, found: readonly FoundHandler[]): string[] {
  const classes = found.filter((candidate) => candidate.job === job).map(({ className }) => className);
  if (classes.length === 1) return [];
  return classes.length === 0
    ? [`job '${job.name}' has no handler: no provider is decorated with @HandlesJob for it`]
    : [`job '${job.name}' has ${classes.length} handlers: ${classes.join(', ')}`];
}

function sharedNames(jobs: readonly JobDeclaration[], schedule: readonly JobDeclaration[]): string[] {
  const twice = schedule.filter((job, index) => schedule.indexOf(job) !== index);
  const shared = [...new Set(jobs)].filter((job, index, all) =>
    all.some((other, at) => at < index && other.name === job.name),
  );
  return [
    ...twice.map(({ name }) => `job '${name}' is in the schedule twice`),
    ...shared.map(({ name }) => `two jobs are named '${name}'`),
  ];
}
