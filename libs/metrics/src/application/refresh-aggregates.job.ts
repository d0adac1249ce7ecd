import { defineJob } from '@lib/queue';

/** Events show up in numbers about a second after they were acknowledged. */
export const refreshAggregatesJob = defineJob({ name: 'refresh-aggregates', schedule: { everyMs: 1_000 } });
