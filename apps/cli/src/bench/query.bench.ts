import { RefreshAggregates } from '@lib/metrics';
import { DAY_MS, floorTime } from '@lib/primitives';
import type { CommandIo } from '../command-io.js';
import { CommandFailed } from '../command.errors.js';
import { connectAsLogin, type LoginSession } from '../connect-as-login.js';
import { renderTable } from '../render-table.js';
import { withApplication } from '../with-application.js';
import { askDashboard } from './ask-dashboard.js';
import { countFromRaw } from './count-from-raw.sql.js';
import { createNetwork, type BenchNetwork } from './create-network.js';
import { dashboardQuestions, HISTORY_DAYS, type DashboardQuestion } from './dashboard-questions.js';
import { fillEvents } from './fill-events.sql.js';
import { spread, type Spread } from './spread.js';
import { withBenchProduct, type BenchProduct } from './with-bench-product.js';

/** How much `bench query` measures. */
export interface QueryBenchOptions {
  /** Sizes of the history, in events, ascending. */
  readonly events: readonly number[];
  /** Requests of each question at each size. */
  readonly requests: number;
}

/** Milliseconds of one question at one size. */
interface Timing {
  readonly aggregates: Spread;
  readonly raw: Spread;
}

const EPISODES = 200;
/** As many as it takes until the server runs compiled code: what is measured is one that has been up for a while. */
const WARM_UP_REQUESTS = 50;
const RAW_ROUNDS = 3;

/**
 * Measures how long the API takes to answer the questions of a dashboard, beside counting the same events one by one, on
 * a history that grows from size to size.
 *
 * @throws CommandFailed when an answer differs from the count
 */
export function benchQuery(io: CommandIo, { events, requests }: QueryBenchOptions): Promise<void> {
  return withBenchProduct(io, async (product) => {
    const network = await createNetwork(product, EPISODES);
    const to = floorTime(new Date(), DAY_MS);
    const questions = dashboardQuestions(to, network.podcastIds[0] ?? '');
    const app = await connectAsLogin(product.settings.databaseUrl);
    let made = 0;
    let smallest: Timing[] | undefined;
    try {
      for (const size of events) {
        io.warn(`${size.toLocaleString('en')} events: making them …`);
        const from = new Date(to.getTime() - HISTORY_DAYS * DAY_MS);
        await fillEvents(product.owner, { ...network, from, to }, made, size);
        made = size;
        // What the server still has to write would be paid for by whatever is measured next.
        await product.owner.sql('CHECKPOINT');
        io.warn(`${size.toLocaleString('en')} events: refreshing …`);
        await refresh(product);
        await product.owner.sql(
          'VACUUM (ANALYZE) listener_events, listener_metrics, listener_totals, dirty_buckets',
        );
        const timings: Timing[] = [];
        for (const question of questions) {
          io.warn(`${size.toLocaleString('en')} events: ${question.name} …`);
          timings.push(await measure(product, network, app, question, requests));
        }
        smallest ??= timings;
        io.print(renderTimings(size, questions, timings, smallest, io.columns));
      }
    } finally {
      await app.end();
    }
  });
}

async function refresh({ settings }: BenchProduct): Promise<void> {
  await withApplication(settings, async (application) => {
    const aggregates = application.get(RefreshAggregates, { strict: false });
    for (let more = true; more;) {
      const report = await aggregates.run();
      more = report.days > 0 || report.busy > 0;
    }
  });
}

async function measure(
  { apiOrigin }: BenchProduct,
  { tenantId, key }: BenchNetwork,
  app: LoginSession,
  question: DashboardQuestion,
  requests: number,
): Promise<Timing> {
  const ask = () => askDashboard(`${apiOrigin}${question.path}`, key);
  const count = () => countFromRaw(app, tenantId, question);
  const [answered, counted] = [await ask(), await count()];
  if (answered.length === 0 || JSON.stringify(answered) !== JSON.stringify(counted.slice(0, question.limit)))
    throw new CommandFailed(`${question.name}: the answer differs from the count of raw events`);
  for (let n = 1; n < WARM_UP_REQUESTS; n += 1) await ask();
  return { aggregates: await timed(ask, requests), raw: await timed(count, RAW_ROUNDS) };
}

async function timed(work: () => Promise<unknown>, times: number): Promise<Spread> {
  const elapsed: number[] = [];
  for (let n = 0; n < times; n += 1) {
    const startedAt = performance.now();
    await work();
    elapsed.push(performance.now() - startedAt);
  }
  return spread(elapsed);
}

function renderTimings(
  size: number,
  questions: readonly DashboardQuestion[],
  timings: readonly Timing[],
  smallest: readonly Timing[],
  columns: number,
): string {
  const rows = timings.map(({ aggregates, raw }, at) => [
    `${aggregates.median.toFixed(1)} (${aggregates.min.toFixed(1)} – ${aggregates.max.toFixed(1)})`,
    raw.median.toFixed(0),
    (raw.median / aggregates.median).toFixed(0),
    (aggregates.median / (smallest[at]?.aggregates.median ?? Number.NaN)).toFixed(2),
    questions[at]?.name ?? '',
  ]);
  const head = [
    'API, ms',
    'raw, ms',
    'raw / API',
    'API / smallest',
    `at ${size.toLocaleString('en')} events`,
  ];
  return renderTable(head, rows, columns);
}
