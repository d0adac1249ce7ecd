import { RefreshAudience } from '@lib/metrics';
import { DAY_MS, utcDate } from '@lib/primitives';
import type { CommandIo } from '../command-io.js';
import { CommandFailed } from '../command.errors.js';
import { renderTable } from '../render-table.js';
import { withApplication } from '../with-application.js';
import {
  countedWay,
  hyperLogLogWay,
  lowestIdsWay,
  type AskedShows,
  type AudienceWay,
} from './audience-ways.js';
import { createNetwork, type BenchNetwork } from './create-network.js';
import { fillDownloads } from './fill-downloads.sql.js';
import { spread } from './spread.js';
import { withBenchProduct, type BenchProduct } from './with-bench-product.js';

/** How much `bench audience` measures. */
export interface AudienceBenchOptions {
  readonly listeners: number;
  readonly shows: number;
  readonly days: number;
  readonly rounds: number;
}

const EPISODES_OF_SHOW = 10;
/** Longer ranges may lie in two key periods. */
const MOST_DAYS = 30;

/**
 * Measures what a sketch of a day takes, how long the sketches of all days take to merge, and how far the results are from
 * a count: the product's sketches beside HyperLogLog, of the same downloads, in the same PostgreSQL.
 */
export function benchAudience(io: CommandIo, options: AudienceBenchOptions): Promise<void> {
  const days = Math.min(options.days, MOST_DAYS);
  return withBenchProduct(io, async (product) => {
    const network = await createNetwork(product, options.shows * EPISODES_OF_SHOW);
    const firstDay = utcDate(new Date(Date.now() - days * DAY_MS));
    await fillDownloads(product.owner, { ...network, ...options, days, firstDay }, (made) =>
      io.warn(`Made ${made} of ${days} days …`),
    );
    io.warn('Making sketches …');
    const seconds = await makeSketches(product);
    await product.owner.sql('VACUUM (ANALYZE) audience_sketches');
    const { tenantId } = network;
    const shows = network.podcastIds.map((podcastId): AskedShows => ({ tenantId, podcastIds: [podcastId] }));
    const counted = countedWay(product.owner);
    const exact = await judge(counted, shows, 1);
    const rows = [];
    for (const way of [lowestIdsWay(product.owner), await hyperLogLogWay(product.owner)]) {
      io.warn(`${way.name} …`);
      rows.push(rowOf(await way.bytes(), await judge(way, shows, options.rounds), exact, way.name));
    }
    const countMs = spread(exact.milliseconds).median.toFixed(0);
    io.print(
      renderTable(
        ['bytes', 'merge, ms', 'error', 'largest', 'error of shared', `${days} days, ${options.shows} shows`],
        [...rows, ['', countMs, '', '', '', counted.name]],
        io.columns,
      ),
    );
    const asked = await askApi(product, network, firstDay, days, options.rounds);
    io.print(`Sketches of a day made in ${((seconds / days) * 1000).toFixed(0)} ms`);
    io.print(`The API answers for ${days} days of a show in ${asked.toFixed(1)} ms`);
  });
}

/** Returns how many seconds it took. */
function makeSketches({ settings }: BenchProduct): Promise<number> {
  return withApplication(settings, async (application) => {
    const audience = application.get(RefreshAudience, { strict: false });
    const startedAt = performance.now();
    for (let more = true; more;) {
      const report = await audience.run();
      if (report.failed > 0) throw new CommandFailed('a day could not be rebuilt');
      more = report.days > 0 || report.busy > 0;
    }
    return (performance.now() - startedAt) / 1_000;
  });
}

/** What a way says of each show, and of each show and the next, and how long the former took. */
interface Judged {
  readonly listeners: readonly number[];
  readonly common: readonly number[];
  readonly milliseconds: readonly number[];
}

async function judge(way: AudienceWay, shows: readonly AskedShows[], rounds: number): Promise<Judged> {
  const milliseconds: number[] = [];
  const listeners: number[] = [];
  for (const show of shows)
    for (let round = 0; round < rounds; round += 1) {
      const startedAt = performance.now();
      const answered = await way.listeners(show);
      milliseconds.push(performance.now() - startedAt);
      if (round === 0) listeners.push(answered);
    }
  const common: number[] = [];
  for (const [n, show] of shows.slice(0, -1).entries()) {
    const next = shows[n + 1];
    if (next) common.push(await way.common(show, next));
  }
  return { listeners, common, milliseconds };
}

function rowOf(bytes: number, answered: Judged, exact: Judged, name: string): string[] {
  const errors = relativeErrors(answered.listeners, exact.listeners);
  return [
    bytes.toLocaleString('en'),
    spread(answered.milliseconds).median.toFixed(1),
    percent(rootMeanSquare(errors)),
    percent(Math.max(...errors.map(Math.abs))),
    percent(rootMeanSquare(relativeErrors(answered.common, exact.common))),
    name,
  ];
}

function relativeErrors(answered: readonly number[], exact: readonly number[]): number[] {
  return answered.map((value, n) => value / (exact[n] ?? Number.NaN) - 1);
}

function rootMeanSquare(values: readonly number[]): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}

/** Milliseconds that the API takes for the first show, in the middle. */
async function askApi(
  { apiOrigin }: BenchProduct,
  { key, podcastIds }: BenchNetwork,
  firstDay: string,
  days: number,
  rounds: number,
): Promise<number> {
  const to = utcDate(new Date(Date.parse(firstDay) + days * DAY_MS));
  const query = `from=${firstDay}&to=${to}&timeZone=UTC&podcastId=${podcastIds[0] ?? ''}`;
  const milliseconds: number[] = [];
  for (let n = 0; n < rounds * 10; n += 1) {
    const startedAt = performance.now();
    const answer = await fetch(`${apiOrigin}/v1/metrics/audience?${query}`, {
      headers: { authorization: `Bearer ${key}` },
    });
    if (!answer.ok) throw new CommandFailed(`the API answered ${answer.status} ${await answer.text()}`);
    await answer.arrayBuffer();
    milliseconds.push(performance.now() - startedAt);
  }
  return spread(milliseconds).median;
}
