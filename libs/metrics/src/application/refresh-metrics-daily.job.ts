import { defineJob } from '@lib/queue';

/** `metrics_daily` is read for reports of whole days, so seconds of delay do not matter. */
export const refreshMetricsDailyJob = defineJob({
  name: 'refresh-metrics-daily',
  schedule: { everyMs: 10_000 },
});
