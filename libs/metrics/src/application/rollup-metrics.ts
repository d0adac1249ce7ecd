import { setTimeout as sleep } from 'node:timers/promises';
import type { MarkKind } from '@lib/time-series';
import { Gauge } from 'prom-client';

/** Seconds for which the oldest mark of each kind has waited; 0 where none waits. */
type BacklogAges = Record<
  Extract<MarkKind, 'count' | 'slice' | 'listening' | 'dimension' | 'metrics_daily' | 'audience'>,
  number
>;

/** A scrape waits no longer for the database; the other metrics matter most when it hangs. */
const PATIENCE_MS = 1_000;

let measure: (() => Promise<BacklogAges>) | undefined;
let measuring: Promise<void> | undefined;
let lastMeasured: BacklogAges = {
  count: 0,
  slice: 0,
  listening: 0,
  dimension: 0,
  metrics_daily: 0,
  audience: 0,
};

/**
 * Names the measurement that the gauges make at every scrape. The backlog is asked of the database then, not remembered
 * from the last run: with several workers, the one that is scraped may not have run for a while.
 */
export function measureBacklogWith(probe: () => Promise<BacklogAges>): void {
  measure = probe;
}

/** The last known ages stay while the database does not answer. Gauges of one scrape share one question. */
async function backlogAges(): Promise<BacklogAges> {
  measuring ??= measure?.()
    .then((ages) => {
      lastMeasured = ages;
    })
    .catch(() => undefined)
    .finally(() => (measuring = undefined));
  await Promise.race([measuring, sleep(PATIENCE_MS, undefined, { ref: false })]);
  return lastMeasured;
}

/** Registered by being made. */
new Gauge({
  name: 'aggregate_freshness_seconds',
  help: 'How old the oldest event is that some count does not show yet; 0 when all show everything. Listeners follow at a pace of their own.',
  async collect() {
    const { count, slice, metrics_daily } = await backlogAges();
    this.set(Math.max(count, slice, metrics_daily));
  },
});

/** Registered by being made. */
new Gauge({
  name: 'dirty_marks_oldest_seconds',
  help: 'For how long the oldest mark of each kind has waited to be refreshed.',
  labelNames: ['kind'],
  async collect() {
    for (const [kind, seconds] of Object.entries(await backlogAges())) this.set({ kind }, seconds);
  },
});

/** Grows only: a later check that finds nothing must not hide an earlier one that did. */
export const driftEvents = new Gauge({
  name: 'aggregate_drift_events',
  help: 'By how many events stored rollups were found to differ from raw events since this process started. Must stay 0.',
});
