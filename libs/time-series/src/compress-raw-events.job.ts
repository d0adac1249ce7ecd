import { defineJob } from '@lib/queue';

/** A day's events are compressed once, when the acceptance window has passed over it: an hour more does not matter. */
export const compressRawEventsJob = defineJob({
  name: 'compress-raw-events',
  schedule: { everyMs: 3_600_000 },
});
