import { CountDownloads, countRequests, DEFAULT_COUNTING_RULES, type DownloadRequest } from '@lib/ingestion';
import { DAY_MS, floorTime } from '@lib/primitives';
import type { CommandIo } from '../command-io.js';
import { CommandFailed } from '../command.errors.js';
import { connectAsLogin, type LoginSession } from '../connect-as-login.js';
import { renderTable } from '../render-table.js';
import { withApplication } from '../with-application.js';
import { createNetwork, type BenchNetwork } from './create-network.js';
import { fillRequests, markRequests } from './fill-requests.sql.js';
import { sampleRequests } from './sample-requests.js';
import { spread } from './spread.js';
import { withBenchProduct, type BenchProduct } from './with-bench-product.js';

export interface CountBenchOptions {
  readonly requests: number;
  readonly days: number;
}

const EPISODES = 200;
const IN_MEMORY = 200_000;
const ROUNDS = 5;
const SIZES = { fileBytes: 28_800_000, headerBytes: 300_000, durationSeconds: 1_800 };

/**
 * Measures how fast requests are counted: by the pure function beside a loop that only groups the same requests by
 * episode, and from the database beside a `SELECT count(*) … GROUP BY` of the same rows by the same role.
 */
export async function benchCount(io: CommandIo, options: CountBenchOptions): Promise<void> {
  io.print(countInMemory(io));
  await withBenchProduct(io, async (product) => {
    const network = await createNetwork(product, EPISODES);
    const to = floorTime(new Date(), DAY_MS);
    const history = { ...network, from: new Date(to.getTime() - options.days * DAY_MS), to };
    io.warn(`${options.requests.toLocaleString('en')} requests: making them …`);
    await fillRequests(product.owner, history, options.requests);
    io.warn('Counting them …');
    const counted = await secondsOf(async () => {
      await markRequests(product.owner, history);
      await countAll(product);
    });
    io.warn('Counting rows …');
    const app = await connectAsLogin(product.settings.databaseUrl);
    const grouped = await secondsOf(() => countRows(app, network, history)).finally(() => app.end());
    await print(io, product, network, options, counted, grouped);
  });
}

function countInMemory(io: CommandIo): string {
  const day = floorTime(new Date(), DAY_MS).getTime();
  const requests = sampleRequests(IN_MEMORY, day);
  const episodes = new Map(requests.map(({ episode }) => [episode ?? '', SIZES]));
  const input = { requests, episodes, untilMs: day + DAY_MS };
  const counting = rounds(() => countRequests(input, DEFAULT_COUNTING_RULES));
  const grouping = rounds(() => groupByEpisode(requests));
  const perSecond = (ms: number) => Math.round((1_000 * IN_MEMORY) / ms).toLocaleString('en');
  return renderTable(
    ['requests a second', 'time / grouping', 'in memory, one core'],
    [
      [perSecond(counting), (counting / grouping).toFixed(1), 'counted by every rule'],
      [perSecond(grouping), '1.0', 'grouped by episode'],
    ],
    io.columns,
  );
}

function rounds(work: () => unknown): number {
  const elapsed: number[] = [];
  for (let n = 0; n < ROUNDS; n += 1) {
    const startedAt = performance.now();
    work();
    elapsed.push(performance.now() - startedAt);
  }
  return spread(elapsed).median;
}

function groupByEpisode(requests: readonly DownloadRequest[]): Map<string | null, number> {
  const counts = new Map<string | null, number>();
  for (const { episode } of requests) counts.set(episode, (counts.get(episode) ?? 0) + 1);
  return counts;
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1_000;
}

async function countAll({ settings }: BenchProduct): Promise<void> {
  await withApplication(settings, async (application) => {
    const downloads = application.get(CountDownloads, { strict: false });
    for (let more = true; more;) {
      const report = await downloads.run();
      if (report.failed > 0) throw new CommandFailed('a day could not be counted');
      more = report.days > 0 || report.busy > 0;
    }
  });
}

async function countRows(
  { client }: LoginSession,
  { tenantId }: BenchNetwork,
  { from, to }: { from: Date; to: Date },
): Promise<void> {
  await client.query(`BEGIN; SET LOCAL statement_timeout = 0; SELECT set_tenant_context('${tenantId}')`);
  await client.query(
    `SELECT episode_id, count(*) FROM listener_events
     WHERE tenant_id = $1 AND occurred_at >= $2 AND occurred_at < $3 GROUP BY 1`,
    [tenantId, from, to],
  );
  await client.query('COMMIT');
}

async function print(
  io: CommandIo,
  { owner }: BenchProduct,
  { tenantId }: BenchNetwork,
  { requests }: CountBenchOptions,
  counted: number,
  grouped: number,
): Promise<void> {
  const [row] = await owner.sql<{ downloads: string }>(
    'SELECT count(*) AS downloads FROM downloads WHERE tenant_id = $1',
    [tenantId],
  );
  const rate = (seconds: number) => Math.round(requests / seconds).toLocaleString('en');
  io.print(
    renderTable(
      ['requests a second', 'time / grouping', 'from the database'],
      [
        [
          rate(counted),
          (counted / grouped).toFixed(1),
          `counted, ${Number(row?.downloads).toLocaleString('en')} downloads stored`,
        ],
        [rate(grouped), '1.0', 'SELECT count(*) … GROUP BY episode_id'],
      ],
      io.columns,
    ),
  );
}
