import { VERSION } from '@lib/observability';
import { Command } from 'commander';
import type { CommandIo } from '../command-io.js';
import { CommandFailed } from '../command.errors.js';
import { dataOption } from '../data-option.js';
import { openDatabaseSettings } from '../open-settings.js';
import { renderTable } from '../render-table.js';
import { diagnose } from './diagnose.js';
import { overallVerdict, type Finding } from './finding.js';

interface DoctorOptions {
  json?: true;
  readOnly?: true;
  data: string;
}

/** `podcast doctor`: is this database fit to serve? */
export function doctorCommand(io: CommandIo): Command {
  return new Command('doctor')
    .description('check that a database is complete, durable and keeps tenants apart')
    .option('--json', 'print the findings as one JSON object')
    .option('--read-only', 'leave out the isolation probe, which makes two tenants and deletes them again')
    .addOption(dataOption())
    .addHelpText(
      'after',
      '\nLooks, as an auditor would, at: configuration, server version, extensions, engine, schema version, row-level\n' +
        'security of every table, the role behind each URL, durability settings, partitions, isolation between two\n' +
        'throw-away tenants, waiting work, lists, Redis.\n\n' +
        'ok    as it should be\n' +
        'warn  works, but somebody should know; a capability that is off is named\n' +
        'fail  not fit to serve: exit code 1\n\n' +
        'Works beside a running podcast start and without one: the embedded server is then started and stopped again.',
    )
    .action((options: DoctorOptions) => runDoctor(io, options));
}

async function runDoctor(io: CommandIo, { json, readOnly, data }: DoctorOptions): Promise<void> {
  const opened = await openDatabaseSettings(io, data);
  try {
    const findings = await diagnose({
      settings: opened.settings,
      environment: opened.environment,
      readOnly: readOnly === true,
    });
    io.print(json === true ? asJson(findings) : asTable(findings, io.columns));
    if (overallVerdict(findings) === 'fail') throw new CommandFailed(verdictLine(findings));
    if (json !== true) io.print(verdictLine(findings));
  } finally {
    await opened.close();
  }
}

function asTable(findings: Finding[], columns: number): string {
  const rows = findings.map(({ check, verdict, detail }) => [check, verdict, detail]);
  return renderTable(['check', 'verdict', 'detail'], rows, columns);
}

function asJson(findings: Finding[]): string {
  return JSON.stringify(
    { verdict: overallVerdict(findings), version: VERSION, checkedAt: new Date().toISOString(), findings },
    null,
    2,
  );
}

function verdictLine(findings: Finding[]): string {
  const named = (verdict: Finding['verdict']) =>
    findings.filter((finding) => finding.verdict === verdict).map((finding) => finding.check);
  const [failed, warned] = [named('fail'), named('warn')];
  if (failed.length > 0) return `Verdict: NOT fit to serve. Failed: ${failed.join(', ')}.`;
  return warned.length > 0
    ? `Verdict: fit to serve, with warnings: ${warned.join(', ')}.`
    : 'Verdict: fit to serve.';
}
