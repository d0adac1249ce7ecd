import { defineJob } from '@lib/queue';

/** A running day is read as a whole each time, so it is not done after every second's downloads. */
export const refreshAudienceJob = defineJob({ name: 'refresh-audience', schedule: { everyMs: 15_000 } });
