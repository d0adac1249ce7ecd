import { fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { CommandIo } from '../command-io.js';
import { CommandFailed } from '../command.errors.js';
import { renderTable } from '../render-table.js';
import { freePort } from '../start/free-port.js';
import { waitUntilReady } from '../start/wait-until-ready.js';
import { createNetwork } from './create-network.js';
import { scrapeMetrics } from './scrape-metrics.js';
import { timeRequests } from './time-requests.js';
import { withBenchProduct, type BenchProduct } from './with-bench-product.js';

/** How much `bench redirect` measures. */
export interface RedirectBenchOptions {
  /** Requests of each way in each round. */
  readonly requests: number;
  readonly rounds: number;
}

const LOOPBACK = '127.0.0.1';
const HANDLE = 'bench';
const FILE = 'cdn.example/1.mp3';
const WARM_UP_SHARE = 0.25;
const START_MS = 30_000;
/** How long what was received may take to be recorded. */
const RECORDED_MS = 30_000;

/**
 * Measures what the redirect adds to an empty Fastify server that answers 302, with PostgreSQL and after it was stopped,
 * and whether every request was recorded.
 * @throws CommandFailed when one was not
 */
export function benchRedirect(io: CommandIo, { requests, rounds }: RedirectBenchOptions): Promise<void> {
  return withBenchProduct(io, async (product) => {
    await createRedirect(product);
    await withEmptyServer(async (emptyOrigin) => {
      const ways = {
        empty: `${emptyOrigin}/r/${HANDLE}/${FILE}`,
        redirect: `${product.apiOrigin}/r/${HANDLE}/${FILE}`,
      };
      const warmUp = Math.ceil(requests * WARM_UP_SHARE);
      for (const url of Object.values(ways)) await timeRequests(url, warmUp);
      const compare = async (name: string) => {
        const empty: number[] = [];
        const redirect: number[] = [];
        for (let round = 1; round <= rounds; round += 1) {
          io.warn(`${name}: round ${round} of ${rounds} …`);
          empty.push(...(await timeRequests(ways.empty, requests)));
          redirect.push(...(await timeRequests(ways.redirect, requests)));
        }
        return { name, empty, redirect };
      };
      const running = await compare('PostgreSQL running');
      await requireRecorded(product, warmUp + requests * rounds);
      await product.stopDatabase();
      const stopped = await compare('PostgreSQL stopped');
      await requireSpooled(product);
      io.print(render([running, stopped], io.columns));
    });
  });
}

/** Gives one podcast of a network a handle, a host and a file. */
async function createRedirect(product: BenchProduct): Promise<void> {
  const { tenantId, podcastIds, episodeIds } = await createNetwork(product, 200);
  const { sql } = product.owner;
  await sql('UPDATE episodes SET media_key = $2 WHERE id = $1', [episodeIds[0], FILE]);
  await sql(
    "INSERT INTO podcast_hosts (tenant_id, podcast_id, host, source) VALUES ($1, $2, 'cdn.example', 'feed')",
    [tenantId, podcastIds[0]],
  );
  await sql(
    "INSERT INTO public_handles (tenant_id, kind, handle, target_id) VALUES ($1, 'redirect', $3, $2)",
    [tenantId, podcastIds[0], HANDLE],
  );
}

async function withEmptyServer(work: (origin: string) => Promise<void>): Promise<void> {
  const port = await freePort('PORT', 0, LOOPBACK);
  const server = fork(fileURLToPath(new URL('./empty-redirect.bench.js', import.meta.url)), [String(port)]);
  try {
    const origin = `http://${LOOPBACK}:${port}`;
    await waitUntilReady('the empty server', origin, AbortSignal.timeout(START_MS));
    await work(origin);
  } finally {
    server.kill('SIGKILL');
  }
}

async function requireRecorded({ owner }: BenchProduct, wanted: number): Promise<void> {
  const count = async () =>
    (await owner.sql<{ n: string }>('SELECT count(*) AS n FROM listener_events'))[0]?.n;
  for (const deadline = Date.now() + RECORDED_MS; Number(await count()) < wanted;) {
    if (Date.now() > deadline)
      throw new CommandFailed(`${await count()} of ${wanted} requests were recorded`);
    await sleep(100);
  }
}

async function requireSpooled({ apiOrigin }: BenchProduct): Promise<void> {
  // What was received last is on its way to the disk.
  await sleep(1_000);
  const metrics = await scrapeMetrics(apiOrigin);
  if (!((metrics.get('spool_bytes') ?? 0) > 0)) throw new CommandFailed('nothing was spooled');
}

interface Comparison {
  readonly name: string;
  readonly empty: readonly number[];
  readonly redirect: readonly number[];
}

function render(comparisons: readonly Comparison[], columns: number): string {
  const rows = comparisons.flatMap(({ name, empty, redirect }) => [
    [ms(empty, 0.5), ms(empty, 0.99), '', `${name}: empty Fastify 302`],
    [
      ms(redirect, 0.5),
      ms(redirect, 0.99),
      `${(at(redirect, 0.5) - at(empty, 0.5)).toFixed(2)} ms`,
      `${name}: redirect`,
    ],
  ]);
  return renderTable(['p50', 'p99', 'added, p50', 'answer'], rows, columns);
}

function ms(values: readonly number[], share: number): string {
  return `${at(values, share).toFixed(2)} ms`;
}

function at(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
}
