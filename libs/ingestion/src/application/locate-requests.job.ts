import { defineJob } from '@lib/queue';

/** Requests that came in before their episode are counted within seconds of its feed. */
export const locateRequestsJob = defineJob({ name: 'locate-requests', schedule: { everyMs: 5_000 } });
