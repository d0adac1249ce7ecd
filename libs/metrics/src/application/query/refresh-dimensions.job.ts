import { defineJob } from '@lib/queue';

/** Less often than totals are refreshed: it counts the whole hour in which something changed. */
export const refreshDimensionsJob = defineJob({ name: 'refresh-dimensions', schedule: { everyMs: 5_000 } });
