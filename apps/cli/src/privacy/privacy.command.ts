import { readFile } from 'node:fs/promises';
import { ErasureLedger } from '@lib/ingestion';
import { Command } from 'commander';
import type { CommandIo } from '../command-io.js';
import { dataOption } from '../data-option.js';
import { openSettings } from '../open-settings.js';
import { withApplication } from '../with-application.js';
import { forEveryTenant } from './every-tenant.js';
import { readLedgerFile, writeLedgerLine } from './ledger-file.js';

interface DataOptions {
  data: string;
}

/** `podcast privacy`: keeps erasures done when a database is restored. */
export function privacyCommand(io: CommandIo): Command {
  const privacy = new Command('privacy').description('keep erasures done when a database is restored');
  privacy
    .command('ledger')
    .description('print the erasures of every tenant, one JSON object a line')
    .addOption(dataOption())
    .addHelpText(
      'after',
      '\nThe lines hold keyed ids and name nobody. Keep them beside the backups: a backup does not know the erasures that\n' +
        'came after it.\n\nExample:\n  podcast privacy ledger > erasures.ndjson',
    )
    .action((options: DataOptions) => printLedger(io, options));
  privacy
    .command('reapply [ledger]')
    .description('have every erasure done again, those of a ledger file included')
    .addOption(dataOption())
    .addHelpText(
      'after',
      '\nTo be run after a restore, before anybody sees its numbers. The worker does the work within minutes.\n\n' +
        'Example:\n  podcast privacy reapply erasures.ndjson',
    )
    .action((ledger: string | undefined, options: DataOptions) => reapply(io, ledger, options));
  return privacy;
}

async function printLedger(io: CommandIo, { data }: DataOptions): Promise<void> {
  const opened = await openSettings(io, data);
  try {
    await withApplication(opened.settings, async (application) => {
      const ledger = application.get(ErasureLedger, { strict: false });
      await forEveryTenant(application, async (tenantId) => {
        for (const entry of await ledger.read()) io.print(writeLedgerLine({ tenantId, ...entry }));
      });
    });
  } finally {
    await opened.close();
  }
}

async function reapply(io: CommandIo, path: string | undefined, { data }: DataOptions): Promise<void> {
  const lines = path === undefined ? [] : readLedgerFile(await readFile(path, 'utf8'));
  const sum = { erasures: 0, lost: 0 };
  const known = new Set<string>();
  const opened = await openSettings(io, data);
  try {
    await withApplication(opened.settings, async (application) => {
      const ledger = application.get(ErasureLedger, { strict: false });
      await forEveryTenant(application, async (tenantId) => {
        known.add(tenantId);
        const done = await ledger.reapply(lines.filter((line) => line.tenantId === tenantId));
        sum.erasures += done.erasures;
        sum.lost += done.lost;
      });
    });
  } finally {
    await opened.close();
  }
  io.print(`${sum.erasures} erasures will be done again, ${sum.lost} of them unknown to this database.`);
  const homeless = lines.filter(({ tenantId }) => !known.has(tenantId)).length;
  if (homeless > 0) io.warn(`${homeless} lines are of tenants that this database does not have.`);
}
