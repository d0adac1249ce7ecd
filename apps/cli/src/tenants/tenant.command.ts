import { KeysService, TenantsService } from '@lib/tenants';
import { Command } from 'commander';
import type { CommandIo } from '../command-io.js';
import { dataOption } from '../data-option.js';
import { openSettings } from '../open-settings.js';
import { renderTable } from '../render-table.js';
import { withApplication } from '../with-application.js';

interface CreateOptions {
  name: string;
  timeZone: string;
  data: string;
}

interface ListOptions {
  data: string;
}

/** `podcast tenant`: creates and lists networks. */
export function tenantCommand(io: CommandIo): Command {
  const tenant = new Command('tenant').description('create and list tenants (podcast networks)');
  tenant
    .command('create')
    .description('create a tenant and its first key, which is shown once')
    .requiredOption('--name <name>', 'what people call the network')
    .option('--time-zone <zone>', 'IANA time zone of its local days', 'UTC')
    .addOption(dataOption())
    .addHelpText(
      'after',
      '\nThe first key has the scope admin: it can mint and revoke other keys of the tenant.\n\n' +
        'Example:\n  podcast tenant create --name "Harbour Radio" --time-zone Europe/Berlin',
    )
    .action((options: CreateOptions) => createTenant(io, options));
  tenant
    .command('list')
    .description('list every tenant, oldest first')
    .addOption(dataOption())
    .addHelpText(
      'after',
      '\nReads as podcast_admin: ADMIN_DATABASE_URL, or DATABASE_URL where that may act as it.',
    )
    .action((options: ListOptions) => listTenants(io, options));
  return tenant;
}

async function createTenant(io: CommandIo, { name, timeZone, data }: CreateOptions): Promise<void> {
  const opened = await openSettings(io, data);
  try {
    await withApplication(opened.settings, async (application) => {
      const keys = application.get(KeysService, { strict: false });
      const { tenant, result } = await application
        .get(TenantsService, { strict: false })
        .create({ name, timeZone }, () =>
          keys.create({
            kind: 'secret',
            name: 'First key',
            scopes: ['admin'],
            trustedSender: false,
            expiresAt: null,
          }),
        );
      io.print(`Tenant  ${tenant.tenantId}  ${tenant.name}`);
      io.print(`Key     ${result.credential}`);
      io.warn('Keep the key: it cannot be shown again.');
    });
  } finally {
    await opened.close();
  }
}

const PAGE = 500;

async function listTenants(io: CommandIo, { data }: ListOptions): Promise<void> {
  const opened = await openSettings(io, data);
  try {
    await withApplication(opened.settings, async (application) => {
      const tenants = await application.get(TenantsService, { strict: false }).list(PAGE, null);
      const rows = tenants.map((each) => [each.tenantId, each.status, each.timeZone, each.name]);
      io.print(renderTable(['tenant', 'status', 'time zone', 'name'], rows, io.columns));
      if (tenants.length === PAGE)
        io.warn(`Only the first ${PAGE} are shown. GET /v1/admin/tenants pages through all.`);
    });
  } finally {
    await opened.close();
  }
}
