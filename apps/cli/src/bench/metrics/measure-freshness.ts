import { DAY_MS, floorTime } from '@lib/primitives';
import type { CommandIo } from '../../command-io.js';
import { renderTable } from '../../render-table.js';
import { PARTIES, processorTime } from '../processor-time.js';
import type { BenchProduct } from '../with-bench-product.js';
import type { BenchTenant } from './bench-tenant.js';
import { met } from './met.js';
import { offerLoad, type OfferedLoad } from './offer-load.js';
import { percentiles } from './percentiles.js';
import { newestEpisodes } from './shown-events.sql.js';
import { untilSettled } from './until-settled.js';
import { FreshnessWatch } from './watch-freshness.js';

const TARGET_SECONDS = 5;

/**
 * Starts the worker, lets it settle, loads the API at a steady rate and prints after what time rollups show what was
 * acknowledged.
 */
export async function measureFreshness(
  io: CommandIo,
  product: BenchProduct,
  tenants: readonly BenchTenant[],
  load: OfferedLoad,
): Promise<void> {
  await untilSettled(await product.startWorker());
  const episodes = await newestEpisodes(product.owner);
  const watch = await FreshnessWatch.begin(
    product.owner,
    new Date(floorTime(new Date(), DAY_MS).getTime() - DAY_MS),
  );
  const before = await processorTime(product);
  const startedAt = performance.now();
  let seconds = 0;
  const sending = offerLoad(product.apiOrigin, tenants, episodes, load, (tenant, events) =>
    watch.note(tenant.number, events),
  ).finally(() => (seconds = (performance.now() - startedAt) / 1_000));
  const [report] = await Promise.all([sending, watch.until(() => seconds > 0)]);
  const used = await processorTime(product);
  const whole = (performance.now() - startedAt) / 1_000;
  const rate = report.acknowledged / seconds;
  const rows = [
    secondsRow(watch.shownAfterMs, 'from acknowledged to shown in totals'),
    secondsRow(report.latenciesMs, 'from sent to acknowledged'),
  ];
  io.print(
    renderTable(['p50, s', 'p95, s', 'max, s', `at ${Math.round(rate)} events a second`], rows, io.columns),
  );
  const marks = [...watch.oldestMarks].map(([kind, age]) => `${kind} ${age.toFixed(1)} s`);
  io.print(`The oldest unrefreshed mark: ${marks.join(', ')}.`);
  const cores = PARTIES.map((party) => `${party} ${((used[party] - before[party]) / whole).toFixed(2)}`);
  io.print(`Processors used on average, without the worker: ${cores.join(', ')}.`);
  if (watch.unshown > 0) io.print(`${watch.unshown} requests were not shown within two minutes.`);
  const p95 = watch.unshown > 0 ? Infinity : percentiles(watch.shownAfterMs).p95 / 1_000;
  io.print(
    `Freshness, p95: ${p95.toFixed(1)} s of ${TARGET_SECONDS} s, ${met(p95, TARGET_SECONDS)}; ` +
      `${Math.round(rate)} of ${load.rate} events a second were reached.`,
  );
}

function secondsRow(milliseconds: readonly number[], name: string): string[] {
  const { p50, p95, max } = percentiles(milliseconds);
  return [...[p50, p95, max].map((value) => (value / 1_000).toFixed(2)), name];
}
