import type { LogImportReport } from '@lib/ingestion';
import type { CommandIo } from '../command-io.js';

/** Says what became of every line of a file. */
export function printLogReport(io: CommandIo, name: string, report: LogImportReport): void {
  const { lines, stored, notEpisodes, duplicates, conflicts, faults, comments } = report;
  io.print(
    `File        ${name} (${report.format})${report.wasImported ? ', imported before: nothing changed' : ''}`,
  );
  if (report.resumedFrom > 0) io.print(`            went on after line ${report.resumedFrom}`);
  io.print(`Lines       ${lines}`);
  io.print(`Stored      ${stored}${notEpisodes > 0 ? `, ${notEpisodes} of them ask for no episode` : ''}`);
  io.print(`Duplicates  ${duplicates}`);
  if (conflicts > 0)
    io.print(`Conflicts   ${conflicts}, with the id of a stored request but another content`);
  io.print(`Faults      ${faults}${faults > 0 ? `: ${describeRules(report.rules)}` : ''}`);
  if (comments > 0) io.print(`Headers     ${comments}`);
  for (const { line, rule } of report.examples) io.warn(`Line ${line} breaks the rule ${rule}`);
  const unshown = faults - report.examples.length;
  if (unshown > 0) io.warn(`… and ${unshown} more`);
}

function describeRules(rules: LogImportReport['rules']): string {
  return Object.entries(rules)
    .map(([rule, count]) => `${rule} ${count}`)
    .join(', ');
}
