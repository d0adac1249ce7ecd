import { Command, InvalidArgumentError } from 'commander';
import type { CommandIo } from '../command-io.js';
import { benchAudience, type AudienceBenchOptions } from './audience.bench.js';
import { benchClassify } from './classify.bench.js';
import type { IngestBenchOptions } from './ingest-bench-options.js';
import { benchIngest } from './ingest.bench.js';
import { benchCount, type CountBenchOptions } from './count.bench.js';
import { benchExport, type ExportBenchOptions } from './export.bench.js';
import { benchMetrics } from './metrics/metrics.bench.js';
import type { MetricsBenchOptions } from './metrics/metrics-bench-options.js';
import { benchQuery, type QueryBenchOptions } from './query.bench.js';
import { benchRedirect, type RedirectBenchOptions } from './redirect.bench.js';

/** `podcast bench`: how fast this machine runs the product, as figures and as ratios to a stated baseline. */
export function benchCommand(io: CommandIo): Command {
  const bench = new Command('bench').description(
    'measure the product on this machine, on a database of its own',
  );
  bench
    .command('ingest')
    .description('events in over HTTP, beside a bare PostgreSQL client and COPY; memory; bytes an event')
    .option('--events <n>', 'events of each way in each round', parseAtLeastOne, 100_000)
    .option('--batch <n>', 'events of one request', parseAtLeastOne, 500)
    .option('--connections <n>', 'requests, and sessions of the bare client, at a time', parseAtLeastOne, 16)
    .option('--rounds <n>', 'rounds, in which the ways take turns', parseAtLeastOne, 7)
    .option('--seconds <n>', 'length of the sustained load; 0 leaves it out', parseCount, 60)
    .addHelpText(
      'after',
      '\nLoad generator, API and PostgreSQL share the processors of this machine: read the ratios, not the rates.',
    )
    .action((options: IngestBenchOptions) => benchIngest(io, options));
  bench
    .command('query')
    .description(
      'answers of the metrics API, beside counting the same events one by one, as the history grows',
    )
    .option('--events <n,…>', 'sizes of the history, ascending', parseSizes, [1_000_000, 10_000_000])
    .option('--requests <n>', 'requests of each question at each size', parseAtLeastOne, 100)
    .action((options: QueryBenchOptions) => benchQuery(io, options));
  bench
    .command('count')
    .description(
      'logs read and downloads counted and recounted, beside grouping the same requests; events in beside a recount',
    )
    .option('--requests <n>', 'requests in the database', parseAtLeastOne, 500_000)
    .option('--days <n>', 'UTC days that they are spread over', parseAtLeastOne, 10)
    .option('--seconds <n>', 'length of each load beside a recount; 0 leaves it out', parseCount, 15)
    .addHelpText(
      'after',
      '\nA large history: --requests 10000000 --days 10. Load generator, API, worker and PostgreSQL share the processors of\n' +
        'this machine: read the ratios. How soon the redirect answers, with and without PostgreSQL, is measured by\n' +
        'podcast bench redirect.',
    )
    .action((options: CountBenchOptions) => benchCount(io, options));
  bench
    .command('audience')
    .description(
      'unique listeners from sketches of days, beside HyperLogLog with the same standard error: bytes, time and errors',
    )
    .option('--listeners <n>', 'listeners of each show', parseAtLeastOne, 20_000)
    .option('--shows <n>', 'shows, each with listeners that it shares with the next', parseAtLeastTwo, 12)
    .option('--days <n>', 'UTC days, at most 30', parseAtLeastOne, 30)
    .option('--rounds <n>', 'times that each question is asked', parseAtLeastOne, 5)
    .action((options: AudienceBenchOptions) => benchAudience(io, options));
  bench
    .command('classify')
    .description('user agents by the lists that come along; needs no database')
    .action(() => benchClassify(io));
  bench
    .command('export')
    .description(
      'raw events written to files of every format and fetched; memory of the writer and of the API',
    )
    .option('--rows <n>', 'events in each file', parseAtLeastOne, 1_000_000)
    .action((options: ExportBenchOptions) => benchExport(io, options));
  bench
    .command('metrics')
    .description(
      'a network of tenants of very different sizes: answers of the metrics API, refresh, storage and freshness',
    )
    .option('--events <n>', 'events of the history of all tenants', parseAtLeastOne, 1_000_000)
    .option('--tenants <n>', 'tenants, sized by Zipf’s law', parseAtLeastOne, 1_000)
    .option('--days <n>', 'UTC days of the history, at least 70', parseDays, 90)
    .option('--requests <n>', 'different requests of each question', parseAtLeastOne, 100)
    .option(
      '--freshness-seconds <n>',
      'length of the load beside the worker; 0 leaves it out',
      parseCount,
      60,
    )
    .option('--rate <n>', 'events a second of that load', parseAtLeastOne, 5_000)
    .option('--keep <dir>', 'keep the filled database there, or use the one that is there')
    .addHelpText(
      'after',
      '\nLoad generator, API, worker and PostgreSQL share the processors of this machine. Targets are printed beside the figures\n' +
        'and not enforced.',
    )
    .action((options: MetricsBenchOptions) => benchMetrics(io, options));
  bench
    .command('redirect')
    .description(
      'time to answer of the redirect, beside an empty server that answers 302; also without PostgreSQL',
    )
    .option('--requests <n>', 'requests of each way in each round', parseAtLeastOne, 3_000)
    .option('--rounds <n>', 'rounds, in which the ways take turns', parseAtLeastOne, 3)
    .action((options: RedirectBenchOptions) => benchRedirect(io, options));
  return bench;
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(count))
    throw new InvalidArgumentError('It must be a whole number.');
  return count;
}

function parseAtLeastOne(text: string): number {
  const count = parseCount(text);
  if (count < 1) throw new InvalidArgumentError('It must be at least 1.');
  return count;
}

function parseAtLeastTwo(text: string): number {
  const count = parseCount(text);
  if (count < 2) throw new InvalidArgumentError('It must be at least 2.');
  return count;
}

function parseDays(text: string): number {
  const days = parseCount(text);
  if (days < 70) throw new InvalidArgumentError('It must be at least 70: questions reach back 60 days.');
  return days;
}

function parseSizes(text: string): number[] {
  const sizes = text.split(',').map(parseAtLeastOne);
  if (sizes.some((size, at) => size <= (sizes[at - 1] ?? 0)))
    throw new InvalidArgumentError('The sizes must be ascending.');
  return sizes;
}
