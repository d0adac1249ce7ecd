import { readdir, readFile } from 'node:fs/promises';
import { scrapeMetrics } from './scrape-metrics.js';
import type { BenchProduct } from './with-bench-product.js';

/** Who takes part in a bench. The client is this process: load generator or bare client. */
export const PARTIES = ['postgres', 'api', 'client'] as const;

/** Seconds of processor time by party. */
export type ProcessorTime = Readonly<Record<(typeof PARTIES)[number], number>>;

/** Linux counts in hundredths of a second towards programs, whatever its own clock does. */
const TICKS_A_SECOND = 100;

/** What each party has used so far. PostgreSQL's is read from /proc: NaN where there is none. */
export async function processorTime({ postmasterPid, apiOrigin }: BenchProduct): Promise<ProcessorTime> {
  const { user, system } = process.cpuUsage();
  return {
    postgres: await serverSeconds(postmasterPid),
    api: (await scrapeMetrics(apiOrigin)).get('process_cpu_seconds_total') ?? Number.NaN,
    client: (user + system) / 1e6,
  };
}

/** Of the postmaster, its living children and those that have ended. */
async function serverSeconds(postmasterPid: number): Promise<number> {
  const entries = await readdir('/proc').catch((): string[] => []);
  const stats = await Promise.all(
    entries.filter((entry) => /^\d+$/.test(entry)).map((pid) => processStat(pid)),
  );
  const postmaster = stats.find((stat) => stat?.pid === postmasterPid);
  if (postmaster === undefined) return Number.NaN;
  const children = stats.filter((stat) => stat?.parent === postmasterPid);
  const ticks = children.reduce((sum, stat) => sum + (stat?.own ?? 0), postmaster.own + postmaster.ofEnded);
  return ticks / TICKS_A_SECOND;
}

interface ProcessStat {
  pid: number;
  parent: number;
  /** Ticks in user and kernel mode. */
  own: number;
  /** The same of its children that have ended. */
  ofEnded: number;
}

/** proc(5): the fields after the program's name, which may itself hold spaces and brackets. */
async function processStat(pid: string): Promise<ProcessStat | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => undefined);
  if (text === undefined) return undefined;
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [parent = 0, user = 0, system = 0, endedUser = 0, endedSystem = 0] = [1, 11, 12, 13, 14].map(
    (index) => fields[index],
  );
  return { pid: Number(pid), parent, own: user + system, ofEnded: endedUser + endedSystem };
}
