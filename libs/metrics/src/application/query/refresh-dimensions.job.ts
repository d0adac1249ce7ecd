import { defineJob } from '@lib/queue';

/** Less often than totals are refreshed: it costs several times as much. */
export const refreshDimensionsJob = defineJob({ name: 'refresh-dimensions', schedule: { everyMs: 5_000 } });
