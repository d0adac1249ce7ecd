import { defineJob } from '@lib/queue';

/** One random hour a minute, for as long as the process lives. */
export const reconcileAggregatesJob = defineJob({
  name: 'reconcile-aggregates',
  schedule: { everyMs: 60_000 },
});
