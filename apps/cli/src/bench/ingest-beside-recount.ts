import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandIo } from '../command-io.js';
import { CommandFailed } from '../command.errors.js';
import { renderTable } from '../render-table.js';
import type { BenchNetwork } from './create-network.js';
import { overHttp, type HttpLog } from './ingest-ways.js';
import { queuedRecounts, requestRecount } from './request-recount.js';
import { spread } from './spread.js';
import type { BenchProduct } from './with-bench-product.js';

const ROUNDS = 2;
const PACKING = { size: 500, connections: 4 };
const WARM_UP_MS = 3_000;
const LOOK_MS = 200;
/** A recount is always under way, and the next one waits. */
const AHEAD = 2;
const DONE_MS = 120_000;

/**
 * Prints how many events get in over HTTP while the worker recounts a day, beside how many do while it does its usual
 * work, counting and rolling up what comes in, and without it.
 * @param day the UTC day that is counted over and over, each time under a rule set of its own
 */
export async function ingestBesideRecount(
  io: CommandIo,
  product: BenchProduct,
  network: BenchNetwork,
  day: string,
  seconds: number,
): Promise<void> {
  const log: HttpLog = { latenciesMs: [], refused: 0 };
  const http = overHttp(product, network, PACKING, log);
  const rateFor = async (ms: number) => {
    const startedAt = performance.now();
    const events = await http.store(() => performance.now() < startedAt + ms);
    return (1_000 * events) / (performance.now() - startedAt);
  };
  await rateFor(WARM_UP_MS);
  io.warn('Events in without a worker …');
  const unworked = await rateFor(seconds * 1_000);
  await product.startWorker();
  const [alone, beside]: [number[], number[]] = [[], []];
  for (let round = 1; round <= ROUNDS; round += 1) {
    io.warn(`Round ${round} of ${ROUNDS}: events in alone …`);
    alone.push(await rateFor(seconds * 1_000));
    io.warn(`Round ${round} of ${ROUNDS}: events in beside a recount …`);
    const recounts = new AbortController();
    const keeping = keepRecounting(product, network, day, `${round}`, recounts.signal);
    try {
      await until('a recount is under way', async () => (await queuedRecounts(product)) >= AHEAD);
      beside.push(await rateFor(seconds * 1_000));
    } finally {
      recounts.abort();
      await keeping;
    }
    await until('the recounts are done', async () => (await queuedRecounts(product)) === 0);
  }
  const [usual, disturbed] = [spread(alone).median, spread(beside).median];
  const row = (rate: number, what: string) => [
    Math.round(rate).toLocaleString('en'),
    (rate / usual).toFixed(2),
    what,
  ];
  io.print(
    renderTable(
      ['events/s', 'ratio', `over HTTP, ${PACKING.size} events a request`],
      [
        row(unworked, 'without a worker'),
        row(usual, 'while the worker counts and rolls up what comes in'),
        row(disturbed, `while it also recounts ${day}, over and over`),
      ],
      io.columns,
    ),
  );
}

async function keepRecounting(
  product: BenchProduct,
  network: BenchNetwork,
  day: string,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  for (let n = 0; !signal.aborted;) {
    const queued = await queuedRecounts(product);
    if (queued < AHEAD) await requestRecount(product, network, `3.${name}.${n++}`, day, day);
    else await sleep(LOOK_MS);
  }
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + DONE_MS; !(await holds());) {
    if (Date.now() > deadline) throw new CommandFailed(`it never came about that ${what}`);
    await sleep(LOOK_MS);
  }
}
