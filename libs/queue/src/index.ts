/** Jobs: what runs, when, and by which class. A job is a hint; what is to be done stands in PostgreSQL. */
export { HandlesJob } from './handles-job.js';
export { defineJob, type JobDeclaration, type JobHandler } from './job-declaration.js';
export { QueueModule } from './queue.module.js';
export type { QueueTiming } from './queue-worker.js';
