import { CountDownloads, RecountRequests } from '@lib/ingestion';
import { DAY_MS, floorTime, utcDate } from '@lib/primitives';
import type { CommandIo } from '../command-io.js';
import { CommandFailed } from '../command.errors.js';
import { connectAsLogin, type LoginSession } from '../connect-as-login.js';
import { renderTable } from '../render-table.js';
import { withApplication } from '../with-application.js';
import type { BenchNetwork } from './create-network.js';
import type { History } from './fill-events.sql.js';
import { fillRequests, markRequests } from './fill-requests.sql.js';
import { queuedRecounts, requestRecount } from './request-recount.js';
import type { BenchProduct } from './with-bench-product.js';

const whole = (value: number) => Math.round(value).toLocaleString('en');

/**
 * Makes a history of requests, counts it, counts all of it again under other rules, and prints how long that took beside a
 * `SELECT count(*) … GROUP BY` of the same rows by the same role. Returns the first UTC day of the history.
 */
export async function countHistory(
  io: CommandIo,
  product: BenchProduct,
  network: BenchNetwork,
  { requests, days }: { readonly requests: number; readonly days: number },
): Promise<string> {
  const to = floorTime(new Date(), DAY_MS);
  const history = { ...network, from: new Date(to.getTime() - days * DAY_MS), to };
  const of = `of ${whole(requests)}`;
  await fillRequests(product.owner, history, requests, (made) => io.warn(`Made ${whole(made)} ${of} …`));
  await markRequests(product.owner, history);
  const counted = await countAll(product, (done) => io.warn(`Counted ${done} of ${days} days …`));
  const [firstDay, lastDay] = [utcDate(history.from), utcDate(new Date(to.getTime() - DAY_MS))];
  await requestRecount(product, network, '2.0.0', firstDay, lastDay);
  const recounted = await recountAll(product, (done) => io.warn(`Counted ${done} of ${days} days again …`));
  const app = await connectAsLogin(product.settings.databaseUrl);
  const grouped = await secondsOf(() => countRows(app, history)).finally(() => app.end());
  const row = (seconds: number, what: string) => [
    whole(requests / seconds),
    (seconds / grouped).toFixed(1),
    what,
  ];
  io.print(
    renderTable(
      ['requests a second', 'time / grouping', `from the database, ${whole(requests)} requests`],
      [
        row(counted, `counted, ${await downloads(product, network)}`),
        row(recounted, 'counted again under other rules, every outcome compared'),
        row(grouped, 'SELECT count(*) … GROUP BY episode_id'),
      ],
      io.columns,
    ),
  );
  return firstDay;
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1_000;
}

/** Returns how many seconds it took. */
function countAll({ settings }: BenchProduct, onProgress: (days: number) => void): Promise<number> {
  return withApplication(settings, (application) =>
    secondsOf(async () => {
      const counter = application.get(CountDownloads, { strict: false });
      let done = 0;
      for (let more = true; more;) {
        const report = await counter.run();
        if (report.failed > 0) throw new CommandFailed('a day could not be counted');
        more = report.days > 0 || report.busy > 0;
        done += report.days;
        if (report.days > 0) onProgress(done);
      }
    }),
  );
}

/** Returns how many seconds it took. */
function recountAll(product: BenchProduct, onProgress: (days: number) => void): Promise<number> {
  return withApplication(product.settings, (application) =>
    secondsOf(async () => {
      const recounter = application.get(RecountRequests, { strict: false });
      let done = 0;
      while ((await queuedRecounts(product)) > 0) {
        const { rows } = await recounter.run();
        done += rows;
        onProgress(done);
      }
    }),
  );
}

async function countRows({ client }: LoginSession, { tenantId, from, to }: History): Promise<void> {
  await client.query(`BEGIN; SET LOCAL statement_timeout = 0; SELECT set_tenant_context('${tenantId}')`);
  await client.query(
    `SELECT episode_id, count(*) FROM listener_events
     WHERE tenant_id = $1 AND occurred_at >= $2 AND occurred_at < $3 GROUP BY 1`,
    [tenantId, from, to],
  );
  await client.query('COMMIT');
}

async function downloads({ owner }: BenchProduct, { tenantId }: BenchNetwork): Promise<string> {
  const [row] = await owner.sql<{ downloads: string }>(
    `SELECT count(*) AS downloads FROM downloads d JOIN counted_days c USING (tenant_id, rule_set_id)
     WHERE d.tenant_id = $1 AND c.day = d.settled_day`,
    [tenantId],
  );
  return `${whole(Number(row?.downloads))} downloads stored`;
}
