import { defineJob } from '@lib/queue';

/** A day is looked at within minutes of its end, and again when it was counted anew. */
export const detectInvalidTrafficJob = defineJob({
  name: 'detect-invalid-traffic',
  schedule: { everyMs: 60_000 },
});
