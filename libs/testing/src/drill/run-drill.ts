import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkAggregates } from './check-aggregates.js';
import { checkStored } from './check-stored.js';
import { checkTotals } from './check-totals.js';
import { copyProgram } from './copy-program.js';
import type { DrillOptions } from './drill-options.js';
import { faultSchedule } from './fault-schedule.js';
import { startInstallation, type Installation } from './installation.js';
import { Ledger } from './ledger.js';
import { MUTANTS, type Mutant } from './mutants.js';
import { openStreams } from './open-streams.js';
import { Readers } from './readers.js';
import { recover, type Recovery } from './recover.js';
import { runFaults } from './run-faults.js';
import { SeededRandom } from './seeded-random.js';
import { setUpTenant } from './set-up-tenants.js';
import { Traffic } from './traffic.js';
import { Violations } from './violations.js';

/** What a drill found out. */
export interface DrillReport extends Recovery {
  readonly violations: Violations;
  readonly faults: Readonly<Record<string, number>>;
  readonly answers: Readonly<Record<string, number>>;
  readonly readings: Readonly<Record<string, number>>;
  readonly sentEvents: number;
  readonly distinctEvents: number;
  readonly acknowledged: number;
  readonly stored: number;
  readonly aggregateRows: number;
  readonly slowestMs: number;
}

const TENANTS = 4;
const WARM_UP_MS = 1_500;
const INGEST_DEADLINE_MS = 5_000;

/**
 * One drill from nothing to its report. Everything lives in a temporary directory, which is removed, and in processes,
 * which are ended, whatever happens.
 *
 * @param onEnding is given what ends everything at once, for signals
 * @throws Error when the drill itself cannot be carried out, with what was noticed until then
 */
export async function runDrill(
  options: DrillOptions,
  say: (line: string) => void,
  onEnding: (end: () => Promise<void>) => void,
): Promise<DrillReport> {
  const directory = await mkdtemp(join(tmpdir(), 'podcast-drill-'));
  // As root PostgreSQL runs under another account, which must be able to enter.
  await chmod(directory, 0o711);
  const ends: (() => Promise<void> | void)[] = [];
  const endAll = async () => {
    for (const end of ends.splice(0).reverse()) await end();
    if (options.keep) say(`logs and data: ${directory}`);
    else await rm(directory, { recursive: true, force: true });
  };
  onEnding(endAll);
  const violations = new Violations();
  try {
    const mutant: Mutant | undefined = options.mutant && MUTANTS[options.mutant];
    const dist = await copyProgram(join(directory, 'program'), mutant);
    const installation = await startInstallation(
      {
        directory,
        dist,
        redis: options.redis,
        copies: 2,
        sql: mutant?.sql,
        ingestDeadlineMs: INGEST_DEADLINE_MS,
        violations,
      },
      (end) => ends.push(end),
    );
    const ledger = await Ledger.create(join(directory, 'ledger'));
    return await drill(options, installation, ledger, violations, say);
  } catch (error) {
    const noticed = violations.broken.flatMap((invariant) => violations.examples(invariant));
    throw new Error([(error as Error).message, ...noticed].join('\n'), { cause: error });
  } finally {
    await endAll();
  }
}

async function drill(
  { seed, faultSeconds }: DrillOptions,
  installation: Installation,
  ledger: Ledger,
  violations: Violations,
  say: (line: string) => void,
): Promise<DrillReport> {
  const { apiOrigins: origins, platformKey, postgres } = installation;
  const tenants = [];
  for (let n = 1; n <= TENANTS; n += 1)
    tenants.push(await setUpTenant(origins[0] ?? '', platformKey, `Tenant ${n}`));
  const streams = openStreams(tenants, seed);
  const answerWithinMs = INGEST_DEADLINE_MS + 1_000;
  const traffic = new Traffic({ streams, origins, ledger, violations, seed, answerWithinMs });
  const own = tenants.map(({ tenant }) => tenant);
  const readers = new Readers(own, origins, new SeededRandom(seed, 'readers'), violations);
  traffic.start();
  readers.start();
  await sleep(WARM_UP_MS);

  const schedule = faultSchedule(seed, faultSeconds * 1_000, installation.redis !== undefined);
  await runFaults(schedule, installation, new SeededRandom(seed, 'victims'), say);
  say('no more faults: everything has to recover by itself');
  const recovery = await recover(traffic, origins, postgres, violations);

  await readers.stop();
  const acknowledged = await ledger.finish();
  const sent = new Map(streams.flatMap((stream) => [...stream.sent]));
  const { stored, aggregateRows } = await postgres.asSuperuser(async (client) => ({
    stored: await checkStored(client, own, sent, acknowledged, violations),
    aggregateRows: await checkAggregates(client, violations),
  }));
  await checkTotals(origins[0] ?? '', own, [...sent.values()], violations);
  await endInOrder(installation, violations);
  return {
    ...recovery,
    violations,
    faults: tally(schedule.map(({ kind }) => kind)),
    answers: Object.fromEntries(traffic.answers),
    readings: Object.fromEntries(readers.answers),
    sentEvents: traffic.sentEvents,
    distinctEvents: sent.size,
    acknowledged: new Set(acknowledged.map(({ tenantId, eventId, at }) => `${tenantId} ${eventId} ${at}`))
      .size,
    stored,
    aggregateRows,
    slowestMs: Math.round(traffic.slowest),
  };
}

/** Ends the processes as an orchestrator does, and reads in the logs what they noticed themselves. */
async function endInOrder({ apis, workers }: Installation, violations: Violations): Promise<void> {
  await Promise.all([...apis, ...workers].map((process) => process.stop()));
  for (const worker of workers) {
    for (const line of await worker.logLines('rollups differed'))
      violations.add('I4', `${worker.name}: ${line}`);
  }
  for (const api of apis) {
    for (const line of await api.logLines('"internal_error"')) violations.add('I7', `${api.name}: ${line}`);
  }
}

function tally(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}
