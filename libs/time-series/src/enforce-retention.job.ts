import { defineJob } from '@lib/queue';

/** Retention is counted in days; an hourly look keeps each deletion small. */
export const enforceRetentionJob = defineJob({ name: 'enforce-retention', schedule: { everyMs: 3_600_000 } });
