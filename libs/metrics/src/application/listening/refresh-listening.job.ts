import { defineJob } from '@lib/queue';

/** What was heard is shown a few seconds after the counts of its events. */
export const refreshListeningJob = defineJob({ name: 'refresh-listening', schedule: { everyMs: 5_000 } });
