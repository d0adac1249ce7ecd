import { SetMetadata } from '@nestjs/common';
import type { JobDeclaration, JobHandler } from './job-declaration.js';

/** Metadata key under which a handler's class names its job. */
export const HANDLES_JOB = Symbol('HANDLES_JOB');

/**
 * Makes an injectable class the handler of `job`. List it among its module's providers; at boot the worker finds it and
 * refuses to start unless every job in the schedule has exactly one.
 */
export function HandlesJob(job: JobDeclaration) {
  return (handler: new (...dependencies: never[]) => JobHandler): void => {
    SetMetadata(HANDLES_JOB, job)(handler);
  };
}
