import Table from 'cli-table3';
import { MUTANTS } from './mutants.js';
import type { DrillOptions } from './drill-options.js';
import type { DrillReport } from './run-drill.js';
import { INVARIANTS, type Invariant } from './violations.js';

/** The report as text: what happened, what was counted, and for each promise whether it held. */
export function formatReport(report: DrillReport, options: DrillOptions): string {
  const { violations } = report;
  const broken = violations.broken;
  const verdict =
    broken.length === 0
      ? 'Verdict: every promise held.'
      : `Verdict: BROKEN: ${broken.join(', ')}. Seed ${options.seed}.`;
  return [
    counts(report, options),
    promises(report),
    ...broken.map((invariant) => examples(report, invariant)),
    verdict,
  ].join('\n');
}

function counts(report: DrillReport, { seed, mutant }: DrillOptions): string {
  const table = new Table({ style: { head: [], border: [] } });
  const kills = Object.values(report.faults).reduce((sum, count) => sum + count, 0);
  const list = (tally: Readonly<Record<string, number>>) =>
    Object.entries(tally)
      .sort()
      .map(([name, count]) => `${name}: ${count}`)
      .join('\n');
  table.push(
    ['seed', String(seed)],
    ...(mutant === undefined ? [] : [['mutant', `${mutant}: ${MUTANTS[mutant].description}`]]),
    [`faults: ${kills}`, list(report.faults)],
    ['answers to batches', list(report.answers)],
    ['answers to readers', list(report.readings)],
    ['events sent, repeats included', String(report.sentEvents)],
    ['different valid events', String(report.distinctEvents)],
    ['acknowledged', String(report.acknowledged)],
    ['stored', String(report.stored)],
    ['aggregate rows recounted', String(report.aggregateRows)],
    ['slowest answer', `${report.slowestMs} ms`],
    ['both APIs answered again after', `${report.firstOkMs} ms`],
    ['no mark was left after', `${report.drainedMs} ms`],
  );
  return table.toString();
}

function promises({ violations }: DrillReport): string {
  const table = new Table({
    head: ['', 'promise', 'violations', 'verdict'],
    style: { head: [], border: [] },
  });
  for (const [invariant, promise] of Object.entries(INVARIANTS) as [Invariant, string][]) {
    const count = violations.count(invariant);
    table.push([invariant, promise, String(count), count === 0 ? 'held' : 'BROKEN']);
  }
  return table.toString();
}

function examples({ violations }: DrillReport, invariant: Invariant): string {
  return [`${invariant}, for example:`, ...violations.examples(invariant).map((text) => `  ${text}`)].join(
    '\n',
  );
}
