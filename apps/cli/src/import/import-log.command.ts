import { LogImportService, type LogImportOptions } from '@lib/ingestion';
import { DomainError, toTenantId } from '@lib/primitives';
import { SingleBar } from 'cli-progress';
import { Command, InvalidArgumentError } from 'commander';
import type { CommandIo } from '../command-io.js';
import { CommandFailed } from '../command.errors.js';
import { dataOption } from '../data-option.js';
import { openSettings } from '../open-settings.js';
import { parseTenant } from '../tenants/parse-tenant.js';
import { requireTenant } from '../tenants/require-tenant.js';
import { withApplication } from '../with-application.js';
import { importThroughOutages } from './import-through-outages.js';
import { openLogFile } from './open-log-file.js';
import { printLogReport } from './print-log-report.js';

interface LogOptions {
  tenant: string;
  file: string[];
  format?: string;
  source: string;
  host?: string;
  hostAlias: ReadonlyMap<string, string>;
  replace: boolean;
  evenWithoutEpisodes: boolean;
  waitSeconds: number;
  data: string;
}

/** `podcast import log`: requests with the bytes that were served. */
export function importLogCommand(io: CommandIo): Command {
  return new Command('log')
    .description('import access logs of a CDN or an origin server')
    .requiredOption('--tenant <id>', 'the tenant whose episodes were asked for', parseTenant)
    .requiredOption('--file <path...>', 'log files, packed with gzip or not')
    .option(
      '--format <format>',
      'cloudfront, combined, combined_range, common, ndjson, or a log_format of nginx or Apache; found out if left out',
    )
    .option('--source <name>', 'what wrote the log: a name for each server or distribution', 'log')
    .option('--host <name>', 'the host of lines that name none')
    .option('--host-alias <cdn=host>', 'what feeds call a host of the log; repeatable', addAlias, new Map())
    .option('--replace', 'take the place of what was imported before for the days of these files', false)
    .option('--even-without-episodes', 'import even if none of the first requests asks for an episode', false)
    .option('--wait-seconds <n>', 'how long to wait for a database that goes away', parseSeconds, 300)
    .addOption(dataOption())
    .addHelpText(
      'after',
      '\nRequests are matched to episodes by host and path. The same file again changes nothing, and an import that was\n' +
        'interrupted goes on where it was: run the same command again. Two servers need two names of sources: equal lines of one are one request.\n' +
        'Listeners of a day are known under keys that are destroyed 48 hours after its last file; after that the day can\n' +
        'only be imported as a whole, with --replace.\n\n' +
        'Examples:\n  podcast import log --tenant 0190… --file E1ABC.2026-10-12-*.gz --host-alias d111.cloudfront.net=cdn.example\n' +
        "  podcast import log --tenant 0190… --file access.log --host cdn.example --format '$remote_addr [$time_local] …'",
    )
    .action((options: LogOptions) => importLogs(io, options));
}

async function importLogs(io: CommandIo, { data, tenant, file, ...rest }: LogOptions): Promise<void> {
  const opened = await openSettings(io, data);
  const options: LogImportOptions = {
    source: rest.source,
    format: rest.format,
    hosts: { missing: rest.host ?? null, aliases: rest.hostAlias },
    replace: rest.replace,
    evenWithoutEpisodes: rest.evenWithoutEpisodes,
  };
  try {
    await withApplication(opened.settings, async (application) => {
      await requireTenant(application, tenant);
      const service = application.get(LogImportService, { strict: false });
      // One after the other: a day's first file decides under which keys the others are hashed.
      for (const path of file) await importOne(io, service, tenant, path, options, rest.waitSeconds * 1_000);
    });
  } finally {
    await opened.close();
  }
}

async function importOne(
  io: CommandIo,
  service: LogImportService,
  tenant: string,
  path: string,
  options: LogImportOptions,
  waitMs: number,
): Promise<void> {
  const bar = progressBar(path);
  try {
    const file = await openLogFile(path, (bytes) => bar.update(bytes));
    bar.start(file.bytes, 0, { lines: 0 });
    const report = await importThroughOutages(
      (onProgress) =>
        service.importFile(toTenantId(tenant), file, options, (lines) => {
          onProgress(lines);
          bar.update({ lines });
        }),
      { waitMs, onLost: (reason, lines) => io.warn(describeLoss(path, reason, lines)) },
    );
    bar.stop();
    printLogReport(io, path, report);
  } catch (error) {
    if (error instanceof DomainError || error instanceof CommandFailed)
      throw new CommandFailed(`${path}: ${error.message}`, { cause: error });
    throw error;
  } finally {
    bar.stop();
  }
}

function describeLoss(path: string, reason: string, lines: number): string {
  return `${path}: the database went away behind line ${lines} (${reason}); waiting for it …`;
}

/** Writes to standard error, and only to a terminal. */
function progressBar(path: string): SingleBar {
  return new SingleBar({
    format: `${path} [{bar}] {percentage} % | {lines} lines | {eta_formatted} left`,
    hideCursor: true,
    clearOnComplete: true,
    noTTYOutput: false,
  });
}

function parseSeconds(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('It must be a whole number of seconds.');
  return Number(text);
}

function addAlias(text: string, aliases: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const [cdn, host, ...others] = text.toLowerCase().split('=');
  if (!cdn || !host || others.length > 0) throw new InvalidArgumentError('An alias is written CDN=HOST.');
  return new Map([...aliases, [cdn, host]]);
}
