import { defineJob } from '@lib/queue';

/** Retention is counted in days; an hourly look keeps each step small. */
export const thinRollupsJob = defineJob({ name: 'thin-rollups', schedule: { everyMs: 3_600_000 } });
