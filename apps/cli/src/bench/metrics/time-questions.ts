import { DAY_MS } from '@lib/primitives';
import type { CommandIo } from '../../command-io.js';
import { CommandFailed } from '../../command.errors.js';
import { connectAsLogin, type LoginSession } from '../../connect-as-login.js';
import { askDashboard } from '../ask-dashboard.js';
import { spread } from '../spread.js';
import type { BenchProduct } from '../with-bench-product.js';
import type { BenchTenant } from './bench-tenant.js';
import { blockReads, databaseSize } from './block-reads.sql.js';
import { countDownloadsRaw } from './count-downloads-raw.sql.js';
import { distinctAskings } from './distinct-askings.js';
import {
  LONGEST_LOOK_BACK,
  NETWORK_QUESTIONS,
  pathOf,
  type Asking,
  type NetworkQuestion,
} from './network-questions.js';
import { popularEpisodes } from './popular-episodes.sql.js';
import { renderQuestions, type QuestionTiming } from './render-questions.js';
import { smallMedianLarge } from './tenant-shapes.js';
import { TimedAsker } from './timed-asker.js';

/** As many of each question as it takes until the server runs compiled code. */
const WARM_UP_REQUESTS = 50;
const RAW_ROUNDS = 5;

/**
 * Asks every question of tenants of all sizes, each time another one, and prints how long the API took: never asked before,
 * asked again at once, and asked again later, when the API has to look whether its answer stands.
 *
 * @throws CommandFailed when an answer differs from a count of downloads one by one
 */
export async function timeQuestions(
  io: CommandIo,
  product: BenchProduct,
  tenants: readonly BenchTenant[],
  { last, days, requests }: AskedHistory,
): Promise<void> {
  const shifts = Math.max(1, days - LONGEST_LOOK_BACK - 2);
  const episodes = await popularEpisodes(product.owner);
  const ask = (tenant: BenchTenant, daysBefore: number): Asking => ({
    tenant,
    episodeId: episodes.get(tenant.tenantId) ?? NO_EPISODE,
    to: new Date(last.getTime() - daysBefore * DAY_MS),
  });
  // One day earlier than any that is timed: these are asked for before.
  const apart = smallMedianLarge(tenants).map(({ tenant }) => ask(tenant, shifts));
  const asked = distinctAskings(tenants.length, shifts, requests).flatMap(([at, shift]) =>
    tenants.slice(at, at + 1).map((tenant) => ask(tenant, shift)),
  );
  const app = await connectAsLogin(product.settings.databaseUrl);
  const asker = new TimedAsker(product.apiOrigin);
  try {
    for (const question of NETWORK_QUESTIONS) {
      for (const asking of apart) await compare(product, app, question, asking);
      for (let n = 0; n < WARM_UP_REQUESTS; n += 1)
        for (const asking of apart.slice(0, 1)) await send(asker, question, asking);
    }
    io.warn('Answers agree with counts of downloads one by one.');
    const before = await blockReads(product.owner);
    const timings: QuestionTiming[] = [];
    for (const question of NETWORK_QUESTIONS) {
      io.warn(`${question.name} …`);
      timings.push(await time(asker, app, question, asked));
    }
    const after = await blockReads(product.owner);
    io.print(renderQuestions(timings, io.columns));
    const [found, fetched] = [after.found - before.found, after.fetched - before.fetched];
    const { mebibytes, buffers } = await databaseSize(product.owner);
    io.print(
      `Of the blocks, ${((100 * found) / (found + fetched)).toFixed(1)} % were found in shared buffers (${buffers}; the database has ${mebibytes.toFixed(0)} MiB).`,
    );
  } finally {
    asker.close();
    await app.end();
  }
}

/** What can be asked about. */
export interface AskedHistory {
  /** 00:00 UTC of the last day of the history. */
  readonly last: Date;
  readonly days: number;
  /** Different requests of each question. */
  readonly requests: number;
}

const NO_EPISODE = '00000000-0000-0000-0000-000000000000';

function send(asker: TimedAsker, question: NetworkQuestion, asking: Asking): Promise<number> {
  return asker.ask(pathOf(question, asking), asking.tenant.key);
}

async function compare(
  { apiOrigin }: BenchProduct,
  app: LoginSession,
  question: NetworkQuestion,
  asking: Asking,
): Promise<void> {
  if (asking.episodeId === NO_EPISODE && question.ofEpisode === true) return;
  const answered = await askDashboard(`${apiOrigin}${pathOf(question, asking)}`, asking.tenant.key);
  const counted = (await countDownloadsRaw(app, question, asking)).filter((value) => value > 0);
  const { tolerance = 0 } = question;
  const alike =
    answered.length === counted.length &&
    answered.every((value, n) => Math.abs(value / (counted[n] ?? 0) - 1) <= tolerance);
  if (!alike)
    throw new CommandFailed(
      `${question.name}, tenant ${asking.tenant.number}: the answer (${answered.slice(0, 12).join(' ')}) differs from the count (${counted.slice(0, 12).join(' ')})`,
    );
}

async function time(
  asker: TimedAsker,
  app: LoginSession,
  question: NetworkQuestion,
  asked: readonly Asking[],
): Promise<QuestionTiming> {
  const askable = asked.filter(({ episodeId }) => question.ofEpisode !== true || episodeId !== NO_EPISODE);
  const timing: QuestionTiming = { question, cold: [], again: [], later: [], largest: null };
  const ofLargest: number[] = [];
  for (const asking of askable) {
    const cold = await send(asker, question, asking);
    timing.cold.push(cold);
    timing.again.push(await send(asker, question, asking));
    if (asking.tenant.number === 1) ofLargest.push(cold);
  }
  for (const asking of askable) timing.later.push(await send(asker, question, asking));
  const raw: number[] = [];
  for (const asking of askable.filter(({ tenant }) => tenant.number === 1).slice(0, RAW_ROUNDS)) {
    const startedAt = performance.now();
    await countDownloadsRaw(app, question, asking);
    raw.push(performance.now() - startedAt);
  }
  if (raw.length === 0) return timing;
  return { ...timing, largest: { api: spread(ofLargest).median, raw: spread(raw).median } };
}
