import { defineJob } from '@lib/queue';

/** Keys live for days; an hour more of life is within what the methodology states. */
export const destroyListenerKeysJob = defineJob({
  name: 'destroy-listener-keys',
  schedule: { everyMs: 3_600_000 },
});
