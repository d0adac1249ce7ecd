import { defineJob } from '@lib/queue';

/** As often as our own rollups are refreshed; without marks it is one look at the work list. */
export const refreshEngineAggregatesJob = defineJob({
  name: 'refresh-engine-aggregates',
  schedule: { everyMs: 1_000 },
});
