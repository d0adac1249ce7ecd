import { defineJob } from '@lib/queue';

/** Each tenant once a UTC day; an hourly look takes up what a run had no time for. */
export const measureStorageJob = defineJob({ name: 'measure-storage', schedule: { everyMs: 3_600_000 } });
