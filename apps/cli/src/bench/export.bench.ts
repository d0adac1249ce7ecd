import { RunExports } from '@lib/metrics';
import { DAY_MS, floorTime } from '@lib/primitives';
import type { CommandIo } from '../command-io.js';
import { CommandFailed } from '../command.errors.js';
import { renderTable } from '../render-table.js';
import { withApplication } from '../with-application.js';
import { createNetwork, type BenchNetwork } from './create-network.js';
import { fillEvents } from './fill-events.sql.js';
import { watchMemory, type MemoryTrend } from './watch-memory.js';
import { withBenchProduct, type BenchProduct } from './with-bench-product.js';

/** How much `bench export` measures. */
export interface ExportBenchOptions {
  /** Raw events in each file. */
  readonly rows: number;
}

/** One file. */
interface WrittenFile {
  readonly id: string;
  readonly seconds: number;
  readonly bytes: number;
  readonly heap: MemoryTrend;
}

const EPISODES = 200;
const DAYS = 30;
const FORMATS = ['csv', 'ndjson', 'parquet'] as const;
const SAMPLE_MS = 100;
const FETCHES = 3;

/**
 * Measures how fast raw events are written to files, and whether memory stays where it is: of the writer while a file is
 * written, and of the API while one is fetched.
 *
 * @throws CommandFailed when a file does not come out whole
 */
export function benchExport(io: CommandIo, { rows }: ExportBenchOptions): Promise<void> {
  return withBenchProduct(io, async (product) => {
    const network = await createNetwork(product, EPISODES);
    const to = floorTime(new Date(), DAY_MS);
    const from = new Date(to.getTime() - DAYS * DAY_MS);
    io.warn(`${rows.toLocaleString('en')} events: making them …`);
    await fillEvents(product.owner, { ...network, from, to }, 0, rows);
    await product.owner.sql('VACUUM (ANALYZE) listener_events');
    const table: string[][] = [];
    for (const format of FORMATS) {
      io.warn(`${format}: writing …`);
      const question = { table: 'listener_events', format, from: from.toISOString(), to: to.toISOString() };
      const file = await write(product, network, question, rows);
      io.warn(`${format}: fetching …`);
      const fetched = await fetchFile(product, network, file);
      table.push([
        format,
        (rows / file.seconds).toFixed(0),
        (file.bytes / rows).toFixed(0),
        trend(file.heap),
        (file.bytes / 2 ** 20 / fetched.seconds).toFixed(0),
        trend(fetched.memory),
      ]);
    }
    const head = ['format', 'rows/s', 'bytes/row', 'writer, heap MiB', 'fetched, MiB/s', 'API, RSS MiB'];
    io.print(renderTable(head, table, io.columns));
  });
}

/** The worker's job, in this process, so that its heap can be read while it works. */
async function write(
  product: BenchProduct,
  network: BenchNetwork,
  question: object,
  rows: number,
): Promise<WrittenFile> {
  const { id } = await call<{ id: string }>(product, network, 'POST', '/v1/exports', question);
  const heaps: number[] = [];
  const timer = setInterval(() => heaps.push(process.memoryUsage().heapUsed), SAMPLE_MS);
  const startedAt = performance.now();
  await withApplication(product.settings, async (application) => {
    const exporter = application.get(RunExports, { strict: false });
    while ((await exporter.run()).rows > 0);
  }).finally(() => clearInterval(timer));
  const seconds = (performance.now() - startedAt) / 1_000;
  const written = await call<{ state: string; rows: number; bytes: number }>(
    product,
    network,
    'GET',
    `/v1/exports/${id}`,
  );
  if (written.state !== 'done' || written.rows !== rows)
    throw new CommandFailed(`the file is ${written.state} with ${written.rows} of ${rows} rows`);
  return { id, seconds, bytes: written.bytes, heap: trendOf(heaps) };
}

/** Fetches the file to the last byte, and keeps none of it. */
async function fetchFile(
  product: BenchProduct,
  network: BenchNetwork,
  { id, bytes }: WrittenFile,
): Promise<{ seconds: number; memory: MemoryTrend }> {
  const { url } = await call<{ url: string }>(product, network, 'POST', `/v1/exports/${id}/link`);
  const fetching = async () => {
    const startedAt = performance.now();
    const answer = await fetch(`${product.apiOrigin}${url}`);
    let length = 0;
    for await (const part of answer.body as unknown as AsyncIterable<Uint8Array>) length += part.length;
    if (length !== bytes) throw new CommandFailed(`${length} of ${bytes} bytes came`);
    return (performance.now() - startedAt) / 1_000;
  };
  // Several times over: one alone is too short to be watched.
  let seconds = 0;
  const samples: number[] = [];
  const over = new AbortController();
  const watching = (async () => {
    while (!over.signal.aborted)
      samples.push((await watchMemory(product.apiOrigin, Date.now() + 1)).rss.last);
  })();
  for (let n = 0; n < FETCHES; n += 1) seconds += (await fetching()) / FETCHES;
  over.abort();
  await watching;
  return { seconds, memory: trendOf(samples) };
}

async function call<Body>(
  { apiOrigin }: BenchProduct,
  { key }: BenchNetwork,
  method: string,
  path: string,
  body?: object,
): Promise<Body> {
  const answer = await fetch(`${apiOrigin}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new CommandFailed(`the API answered ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Body;
}

/** The lowest in the first and in the last third, as `MemoryTrend` says why. */
function trendOf(samples: readonly number[]): MemoryTrend {
  const third = Math.max(1, Math.floor(samples.length / 3));
  return { first: Math.min(...samples.slice(0, third)), last: Math.min(...samples.slice(-third)) };
}

function trend({ first, last }: MemoryTrend): string {
  return `${(first / 2 ** 20).toFixed(0)} → ${(last / 2 ** 20).toFixed(0)}`;
}
