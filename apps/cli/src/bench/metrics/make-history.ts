import { DAY_MS } from '@lib/primitives';
import type { BenchProduct } from '../with-bench-product.js';
import { fillHistory, type HistoryShape } from './fill-history.sql.js';
import { rollUpDays, rollUpMonths } from './roll-up-history.sql.js';
import { rollUpListeners } from './roll-up-listeners.sql.js';
import { rollUpReleases } from './roll-up-releases.sql.js';
import { withoutIndexes } from './without-indexes.sql.js';

/** Rolled up in one statement a table, unless a single day has more. */
const EVENTS_AT_ONCE = 2_000_000;
const TABLES = [
  'listener_events',
  'downloads',
  'counted_days',
  'listener_metrics',
  'listener_totals',
  'dimension_counts',
  'metrics_daily',
  'audience_sketches',
  'release_starts',
  'release_curves',
  'release_totals',
  'dirty_buckets',
];

/**
 * Makes days number `first` to `last` (not included) of the history, with everything that the product derives from events.
 * @returns how many events were made
 */
export async function makeHistory(
  { owner }: Pick<BenchProduct, 'owner'>,
  history: HistoryShape,
  first: number,
  last: number,
  onProgress: (what: string) => void,
): Promise<number> {
  const { events, firstDay, days } = history;
  const dayAt = (n: number) => new Date(firstDay.getTime() + n * DAY_MS);
  // A crash of this database loses nothing that anybody wants.
  await owner.sql(`SET synchronous_commit = off`);
  await owner.sql(`SET work_mem = '128MB'`);
  await owner.sql(`SET maintenance_work_mem = '512MB'`);
  await owner.sql(`SET jit = off`);
  const step = Math.max(1, Math.floor((EVENTS_AT_ONCE * days) / events));
  let made = 0;
  for (let day = first; day < last; day += step) {
    const until = Math.min(day + step, last);
    const before = made;
    made += await fillHistory(owner, history, day, until, (some) =>
      onProgress(`${(before + some).toLocaleString('en')} events made`),
    );
    await owner.sql('ANALYZE listener_events, downloads, counted_days');
    await withoutIndexes(owner, ['listener_metrics', 'listener_totals', 'dimension_counts'], () =>
      rollUpDays(owner, { from: dayAt(day), to: dayAt(until) }),
    );
    await rollUpListeners(owner, { from: dayAt(day), to: dayAt(until) });
    onProgress(`${made.toLocaleString('en')} events rolled up`);
  }
  await owner.sql('ANALYZE listener_metrics, dimension_counts');
  await rollUpMonths(owner, { from: firstDay, to: dayAt(days) });
  await rollUpReleases(owner);
  await owner.sql(
    `INSERT INTO aggregate_watermarks (tenant_id, version) SELECT tenant_id, 1 FROM bench.tenants
     ON CONFLICT (tenant_id) DO UPDATE SET version = aggregate_watermarks.version + 1`,
  );
  // What the server still has to write would be paid for by whatever is measured next.
  await owner.sql(`VACUUM (ANALYZE) ${TABLES.join(', ')}`);
  await owner.sql('CHECKPOINT');
  return made;
}
