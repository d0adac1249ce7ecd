import { defineJob } from '@lib/queue';

/** Curves are read by the day, so seconds of delay do not matter. */
export const refreshReleaseCurvesJob = defineJob({
  name: 'refresh-release-curves',
  schedule: { everyMs: 10_000 },
});
