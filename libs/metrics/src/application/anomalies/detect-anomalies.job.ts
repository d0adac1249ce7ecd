import { defineJob } from '@lib/queue';

/** The running day is looked at once an hour, an older one within a minute of a change. */
export const detectAnomaliesJob = defineJob({ name: 'detect-anomalies', schedule: { everyMs: 60_000 } });
