import { defineJob } from '@lib/queue';

/** Partitions are made four weeks ahead, so an hour more or less does not matter. */
export const ensurePartitionsJob = defineJob({ name: 'ensure-partitions', schedule: { everyMs: 3_600_000 } });
