import { readFile } from 'node:fs/promises';
import { CatalogService, MAX_FEED_BYTES, type FeedImportReport } from '@lib/catalog';
import { Command, Option } from 'commander';
import type { CommandIo } from '../command-io.js';
import { CommandFailed } from '../command.errors.js';
import { dataOption } from '../data-option.js';
import { openSettings } from '../open-settings.js';
import { parseTenant } from '../tenants/parse-tenant.js';
import { requireTenant } from '../tenants/require-tenant.js';
import { withApplication } from '../with-application.js';
import { importEpisodesCommand } from './import-episodes.command.js';
import { importLogCommand } from './import-log.command.js';
import { parsePodcast } from './parse-podcast.js';

interface FeedOptions {
  tenant: string;
  file?: string;
  url?: string;
  podcast?: string;
  data: string;
}

/** `podcast import`: brings what exists elsewhere into a tenant. */
export function importCommand(io: CommandIo): Command {
  const program = new Command('import').description('import feeds, episodes’ files and access logs');
  program
    .command('feed')
    .description('import a podcast and its episodes from an RSS feed')
    .requiredOption('--tenant <id>', 'the tenant that the podcast belongs to', parseTenant)
    .addOption(new Option('--file <path>', 'the feed as a file').conflicts('url'))
    .option('--url <address>', 'the feed’s address; it is kept with the podcast')
    .option(
      '--podcast <id>',
      'the podcast that the feed is for; without it the feed finds its own, or makes one',
      parsePodcast,
    )
    .addOption(dataOption())
    .addHelpText(
      'after',
      '\nA feed finds its podcast by podcast:guid, else by its address. Importing the same feed again changes nothing;\n' +
        'episodes that left the feed stay. A feed that cannot be read changes nothing.\n\n' +
        'Example:\n  podcast import feed --tenant 0190… --url https://example.com/feed.xml',
    )
    .action((options: FeedOptions) => importFeed(io, options));
  return program.addCommand(importEpisodesCommand(io)).addCommand(importLogCommand(io));
}

async function importFeed(io: CommandIo, { tenant, file, url, podcast, data }: FeedOptions): Promise<void> {
  if (file === undefined && url === undefined)
    throw new CommandFailed('Say where the feed is: --file or --url.');
  const opened = await openSettings(io, data);
  try {
    const report = await withApplication(opened.settings, async (application) => {
      await requireTenant(application, tenant);
      const catalog = application.get(CatalogService, { strict: false });
      return url === undefined
        ? catalog.importFeedBytes(tenant, await readFeed(file ?? ''), { podcastId: podcast })
        : catalog.importFeedUrl(tenant, url, { podcastId: podcast });
    });
    printReport(io, report);
  } finally {
    await opened.close();
  }
}

async function readFeed(path: string): Promise<Uint8Array> {
  const bytes = await readFile(path);
  if (bytes.length > MAX_FEED_BYTES) {
    throw new CommandFailed(`${path} has ${bytes.length} bytes; a feed may have ${MAX_FEED_BYTES}.`);
  }
  return bytes;
}

const SHOWN_WARNINGS = 20;

function printReport(
  io: CommandIo,
  { podcastId, created, episodes, skipped, warnings, notInFeed }: FeedImportReport,
): void {
  io.print(`Podcast   ${podcastId} (${created ? 'new' : 'was there'})`);
  io.print(`Episodes  ${episodes.created} new, ${episodes.updated} updated, ${episodes.unchanged} unchanged`);
  if (notInFeed > 0) io.print(`          ${notInFeed} stored ones are no longer in the feed; they stay`);
  const shown = warnings.slice(0, SHOWN_WARNINGS);
  if ([...skipped, ...shown].some(({ position }) => position !== null))
    io.warn('Items are counted from 1, in the order of the feed.');
  for (const { position, title, code, detail } of skipped) {
    io.warn(`Skipped item ${position + 1} (${title ?? 'untitled'}), ${code}: ${detail}`);
  }
  for (const { position, code, detail } of shown) {
    const item = position === null ? '' : `item ${position + 1}, `;
    io.warn(`Odd, ${item}${code}: ${detail}`);
  }
  if (warnings.length > SHOWN_WARNINGS) io.warn(`… and ${warnings.length - SHOWN_WARNINGS} more oddities`);
}
