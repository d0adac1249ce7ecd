import { defineJob } from '@lib/queue';

/** Numbers by app and device wait for it, so it runs more often than they are refreshed. */
export const nameAgentsJob = defineJob({ name: 'name-agents', schedule: { everyMs: 2_000 } });
