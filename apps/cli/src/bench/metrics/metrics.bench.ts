import { DAY_MS, floorTime } from '@lib/primitives';
import type { CommandIo } from '../../command-io.js';
import { withBenchProduct, type BenchProduct } from '../with-bench-product.js';
import { checkRollups } from './check-rollups.js';
import { createTenants } from './create-tenants.js';
import { keptHistory, noteHistory, type MadeHistory } from './kept-history.sql.js';
import { makeHistory } from './make-history.js';
import { measureFreshness } from './measure-freshness.js';
import type { MetricsBenchOptions } from './metrics-bench-options.js';
import { storedTenants } from './networks.sql.js';
import { printStorage } from './print-storage.js';
import { measureRefresh, printRefreshCosts } from './refresh-cost.js';
import { timeQuestions } from './time-questions.js';

/** How much shorter the history is when refresh is measured first. */
const GROWTH = 10;
const SETTINGS = {
  /** Bytes that the API keeps of answers, as the product has it by default: memory is measured here, too. */
  METRICS_CACHE_BYTES: '67108864',
  /** The whole history: a worker that found it beyond would begin with widening the slices of all of it at once. */
  INGEST_ACCEPTANCE_DAYS: '90',
};

/**
 * Fills a database of its own with the history of many tenants, a few of them large and most of them small, and measures
 * how soon questions are answered, what refresh and storage cost and how fresh numbers are under load.
 *
 * @throws CommandFailed when rollups differ from what the product makes, or answers from what they count
 */
export function benchMetrics(io: CommandIo, options: MetricsBenchOptions): Promise<void> {
  const { keep, requests, freshnessSeconds, rate } = options;
  return withBenchProduct(
    io,
    async (product) => {
      const history = (await keptHistory(product.owner)) ?? (await fill(io, product, options));
      const { days, events } = history;
      const tenants = await storedTenants(product.owner);
      io.print(`${events.toLocaleString('en')} events of ${tenants.length} tenants on ${days} days`);
      await timeQuestions(io, product, tenants, { last: lastDayOf(history), days, requests });
      await printStorage(io, product, events);
      if (freshnessSeconds > 0)
        await measureFreshness(io, product, tenants, { rate, seconds: freshnessSeconds });
    },
    { keep, settings: SETTINGS },
  );
}

function lastDayOf({ firstDay, days }: Pick<MadeHistory, 'firstDay' | 'days'>): Date {
  return new Date(firstDay.getTime() + (days - 1) * DAY_MS);
}

/** Makes the last days of the history first, so that refresh can be measured before and after the others. */
async function fill(
  io: CommandIo,
  product: BenchProduct,
  { tenants: count, days, events }: MetricsBenchOptions,
): Promise<MadeHistory> {
  const firstDay = new Date(floorTime(new Date(), DAY_MS).getTime() - days * DAY_MS);
  const shape = { firstDay, days, events };
  await createTenants(product, count, firstDay, days, (made) =>
    io.warn(`${made} of ${count} tenants made …`),
  );
  const tenants = await storedTenants(product.owner);
  const first = days - Math.round(days / GROWTH);
  const progress = (what: string) => io.warn(`${what} …`);
  let made = await makeHistory(product, shape, first, days, progress);
  const earlier = await measureRefresh(product, tenants, lastDayOf(shape));
  made += await makeHistory(product, shape, 0, first, progress);
  io.warn('Checking rollups against the product’s own refresh …');
  const compared = await checkRollups(product, tenants, firstDay, first);
  io.print(
    `${compared.toLocaleString('en')} rows of six tenant-days are what the product’s own refresh makes.`,
  );
  const costs = await measureRefresh(product, tenants, lastDayOf(shape));
  printRefreshCosts(io, earlier, costs, days / (days - first));
  const history = { firstDay, days, events: made };
  await noteHistory(product.owner, history);
  return history;
}
