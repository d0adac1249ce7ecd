import { defineJob } from '@lib/queue';

/** Requests are counted about a second after they were acknowledged; their rollups follow a second later. */
export const countDownloadsJob = defineJob({ name: 'count-downloads', schedule: { everyMs: 1_000 } });
