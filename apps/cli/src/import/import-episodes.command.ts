import { readFile } from 'node:fs/promises';
import { EpisodeFilesService, type EpisodeFilesReport } from '@lib/catalog';
import { toTenantId } from '@lib/primitives';
import { Command } from 'commander';
import type { CommandIo } from '../command-io.js';
import { dataOption } from '../data-option.js';
import { openSettings } from '../open-settings.js';
import { parseTenant } from '../tenants/parse-tenant.js';
import { requireTenant } from '../tenants/require-tenant.js';
import { withApplication } from '../with-application.js';
import { parsePodcast } from './parse-podcast.js';

interface EpisodesOptions {
  tenant: string;
  host?: string;
  podcast?: string;
  data: string;
}

/** `podcast import episodes`: what the rule of one minute needs to know of files. */
export function importEpisodesCommand(io: CommandIo): Command {
  return new Command('episodes')
    .description('set sizes and lengths of episodes’ files from a CSV')
    .argument('<file>', 'the CSV')
    .requiredOption('--tenant <id>', 'the tenant that the episodes belong to', parseTenant)
    .option('--host <name>', 'the host of lines that name none')
    .option(
      '--podcast <id>',
      'make missing episodes in this podcast, instead of only naming them',
      parsePodcast,
    )
    .addOption(dataOption())
    .addHelpText(
      'after',
      '\nColumns, in any order: url, or path with or without host; file_bytes, header_bytes, duration_seconds and\n' +
        'segment_ms. Empty fields leave what is stored. Later imports of feeds keep what was set here. Days that\n' +
        'were counted and are over keep the sizes they were counted with, until a recount of them is applied. A fault in a\n' +
        'line changes nothing.\n\n' +
        'Example:\n  podcast import episodes --tenant 0190… --host cdn.example episodes.csv',
    )
    .action((file: string, options: EpisodesOptions) => importEpisodes(io, file, options));
}

async function importEpisodes(
  io: CommandIo,
  file: string,
  { tenant, host, podcast, data }: EpisodesOptions,
): Promise<void> {
  const bytes = await readFile(file);
  const opened = await openSettings(io, data);
  try {
    const report = await withApplication(opened.settings, async (application) => {
      await requireTenant(application, tenant);
      const service = application.get(EpisodeFilesService, { strict: false });
      return service.importCsv(toTenantId(tenant), bytes, { host: host ?? null, podcastId: podcast ?? null });
    });
    printReport(io, report);
  } finally {
    await opened.close();
  }
}

const SHOWN_UNKNOWN = 20;

function printReport(io: CommandIo, report: EpisodeFilesReport): void {
  const { lines, updated, unchanged, created, unknown, ignoredColumns } = report;
  io.print(
    `Files     ${lines}: ${updated} updated, ${unchanged} unchanged, ${created} new, ${unknown.length} unknown`,
  );
  if (ignoredColumns.length > 0) io.print(`Not read  ${ignoredColumns.join(', ')}`);
  for (const mediaKey of unknown.slice(0, SHOWN_UNKNOWN)) io.warn(`No episode has the file ${mediaKey}`);
  if (unknown.length > SHOWN_UNKNOWN) io.warn(`… and ${unknown.length - SHOWN_UNKNOWN} more`);
}
