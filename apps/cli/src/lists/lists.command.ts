import { ListsService } from '@lib/ingestion';
import { Command } from 'commander';
import type { CommandIo } from '../command-io.js';
import { CommandFailed } from '../command.errors.js';
import { dataOption } from '../data-option.js';
import { openDatabaseSettings } from '../open-settings.js';
import { renderTable } from '../render-table.js';
import { withApplication } from '../with-application.js';
import { describeUpdate } from './describe-update.js';
import { readListFile, readNetworksFile } from './read-list-file.js';

interface UpdateOptions {
  agents?: string;
  networks?: string;
  data: string;
}

/** `podcast lists`: what tells apps from bots, and networks from each other. */
export function listsCommand(io: CommandIo): Command {
  const lists = new Command('lists').description('load and show the lists that classify agents and networks');
  lists
    .command('update')
    .description('check a list, store it for good and put it in force')
    .option(
      '--agents <place>',
      'folder or https address with bots.json, apps.json, … in the format of opawg/user-agents-v2',
    )
    .option('--networks <file>', 'CSV file with the columns cidr, class, asn, country')
    .addOption(dataOption())
    .addHelpText(
      'after',
      '\nA list that fails a check is refused as a whole, and the one in force stays. Versions are named by the hash of\n' +
        'their content and never deleted. A list of agents acts in the rule sets that are made from then on: counts stay\n' +
        'as they are until a recount. Networks act on requests that come in from then on, within a minute.\n\n' +
        'Classes of networks: household, mobile, business, campus, hosting, vpn, relay, tor, unknown.\n\n' +
        'Example:\n  podcast lists update --agents ./user-agents-v2/src --networks networks.csv',
    )
    .action((options: UpdateOptions) => updateLists(io, options));
  lists
    .command('show')
    .description('show every stored version')
    .addOption(dataOption())
    .action((options: { data: string }) => withLists(io, options.data, (service) => showLists(io, service)));
  lists
    .command('activate <hash>')
    .description('put a stored version in force again, by the first characters of its hash')
    .addOption(dataOption())
    .action((hash: string, options: { data: string }) =>
      withLists(io, options.data, async (service) => {
        const { kind, sha256, source } = await service.activate(hash);
        io.print(`In force for ${kind}: ${sha256} from ${source}`);
      }),
    );
  return lists;
}

async function updateLists(io: CommandIo, { agents, networks, data }: UpdateOptions): Promise<void> {
  if (agents === undefined && networks === undefined)
    throw new CommandFailed('Say what to load: --agents or --networks.');
  await withLists(io, data, async (service) => {
    if (agents !== undefined) {
      const update = /^https?:/i.test(agents)
        ? await service.fetchAgents(agents)
        : await service.updateAgents((file) => readListFile(agents, file), agents);
      describeUpdate(io, 'agents', update);
    }
    if (networks !== undefined) {
      describeUpdate(
        io,
        'networks',
        await service.updateNetworks(await readNetworksFile(networks), networks),
      );
    }
  });
}

async function showLists(io: CommandIo, service: ListsService): Promise<void> {
  const versions = await service.versions();
  const inForce = new Set<string>();
  const rows = versions.map(({ kind, sha256, source, summary, loadedAt, activatedAt }) => {
    const isFirst = activatedAt !== null && !inForce.has(kind);
    if (isFirst) inForce.add(kind);
    const counts = Object.entries(summary).map(([name, count]) => `${name} ${count}`);
    return [
      isFirst ? 'in force' : '',
      kind,
      sha256.slice(0, 12),
      loadedAt.toISOString().slice(0, 10),
      source,
      counts.join(', '),
    ];
  });
  io.print(renderTable(['', 'kind', 'hash', 'loaded', 'source', 'entries'], rows, io.columns));
  if (!inForce.has('agents'))
    io.print('Agents are classified by the small list that comes with the product.');
  if (!inForce.has('networks'))
    io.print('No networks are loaded: data centres and VPN cannot be told from homes (PTMG v2.3 §5.5.2).');
}

async function withLists(
  io: CommandIo,
  data: string,
  work: (service: ListsService) => Promise<void>,
): Promise<void> {
  const opened = await openDatabaseSettings(io, data);
  try {
    await withApplication(opened.settings, (application) =>
      work(application.get(ListsService, { strict: false })),
    );
  } finally {
    await opened.close();
  }
}
