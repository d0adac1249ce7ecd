import { defineJob } from '@lib/queue';

/** Retention is counted in days; an hourly look keeps each deletion small. */
export const removeDownloadsJob = defineJob({ name: 'remove-downloads', schedule: { everyMs: 3_600_000 } });
