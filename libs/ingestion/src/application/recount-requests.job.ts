import { defineJob } from '@lib/queue';

/** A recount begins within seconds of being asked for. */
export const recountRequestsJob = defineJob({ name: 'recount-requests', schedule: { everyMs: 2_000 } });
