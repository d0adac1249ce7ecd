import { expect, test } from '@jest/globals';
import { register } from 'prom-client';
import { measureBacklogWith } from './rollup-metrics.js';

test('a database that hangs does not hold up a scrape, and one that answers again is heard', async () => {
  let answer = (_ages: {
    count: number;
    slice: number;
    listening: number;
    dimension: number;
    metrics_daily: number;
    audience: number;
  }) => {};
  measureBacklogWith(() => new Promise((resolve) => (answer = resolve)));
  expect(await register.metrics()).toContain('aggregate_freshness_seconds 0');
  // Audiences follow at a pace of their own.
  answer({ count: 5, slice: 7, listening: 0, dimension: 0, metrics_daily: 3, audience: 20 });
  measureBacklogWith(() => Promise.reject(new Error('down')));
  const scraped = await register.metrics();
  expect(scraped).toContain('aggregate_freshness_seconds 7');
  expect(scraped).toContain('dirty_marks_oldest_seconds{kind="audience"} 20');
});
