import { defineJob } from '@lib/queue';

/** Looks for due feeds every five seconds; when each is due stands in the database. */
export const pollFeedsJob = defineJob({ name: 'poll-feeds', schedule: { everyMs: 5_000 } });
