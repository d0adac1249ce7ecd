import { expect, test } from '@jest/globals';
import { register } from 'prom-client';
import { measureBacklogWith } from './rollup-metrics.js';

test('a database that hangs does not hold up a scrape, and one that answers again is heard', async () => {
  let answer = (_ages: { count: number; slice: number; metrics_daily: number }) => {};
  measureBacklogWith(() => new Promise((resolve) => (answer = resolve)));
  expect(await register.metrics()).toContain('aggregate_freshness_seconds 0');
  answer({ count: 5, slice: 7, metrics_daily: 3 });
  measureBacklogWith(() => Promise.reject(new Error('down')));
  expect(await register.metrics()).toContain('aggregate_freshness_seconds 7');
});
