import { setTimeout as sleep } from 'node:timers/promises';
import { Counter, Gauge } from 'prom-client';
import { POLL_OUTCOMES, type PollOutcome } from './feed-poller.js';

/** A scrape waits no longer for the database; the other metrics matter most when it hangs. */
const PATIENCE_MS = 1_000;

let measure: (() => Promise<number>) | undefined;
let lastMeasured = 0;

/**
 * Names the measurement that the gauge makes at every scrape. The age is asked of the database then: with several workers
 * the one that is scraped may not have polled for a while.
 */
export function measurePollAgeWith(probe: () => Promise<number>): void {
  measure = probe;
}

/** Registered by being made. The last known age stays while the database does not answer. */
new Gauge({
  name: 'feed_poll_age_seconds',
  help: 'For how long the feed that has waited longest has been due for a poll; 0 when none is.',
  async collect() {
    const asked = measure?.()
      .then((seconds) => (lastMeasured = seconds))
      .catch(() => undefined);
    await Promise.race([asked, sleep(PATIENCE_MS, undefined, { ref: false })]);
    this.set(lastMeasured);
  },
});

const polls = new Counter({
  name: 'feed_polls_total',
  help: 'Polls of feeds by outcome: imported, unchanged, failed, superseded (another address meanwhile), taken (by another worker), postponed (others asked the host it leads to).',
  labelNames: ['outcome'],
});
for (const outcome of POLL_OUTCOMES) polls.inc({ outcome }, 0);

/** Counts a poll that has ended. */
export function countPoll(outcome: PollOutcome): void {
  polls.inc({ outcome });
}
