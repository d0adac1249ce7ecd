import { defineJob } from '@lib/queue';

/** Looks every second whether somebody waits for a file. */
export const runExportsJob = defineJob({ name: 'run-exports', schedule: { everyMs: 1_000 } });
