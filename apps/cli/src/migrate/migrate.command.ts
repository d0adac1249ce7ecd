import { engineFault, migrate, type MigrationOutcome } from '@lib/database';
import { Command } from 'commander';
import type { CommandIo } from '../command-io.js';
import { CommandFailed } from '../command.errors.js';
import { connectAsLogin, type LoginSession } from '../connect-as-login.js';
import { dataOption } from '../data-option.js';
import { describeDatabase } from '../describe-database.js';
import { openDatabaseSettings } from '../open-settings.js';
import { renderTable } from '../render-table.js';
import { plannedRoad } from './planned-road.js';
import { verifySchema } from './verify-schema.js';

interface MigrateOptions {
  yes?: true;
  data: string;
}

const ROADS = {
  master: 'the database is empty: the whole schema',
  deltas: 'the database has a schema: the changes that it lacks',
  none: 'the schema is current: nothing to apply',
} as const;

/** `podcast migrate`: brings a database to the newest schema and checks the result. */
export function migrateCommand(io: CommandIo): Command {
  return new Command('migrate')
    .description('bring the database to the newest schema and verify it')
    .option('-y, --yes', 'do not ask; needed where input is not a terminal')
    .addOption(dataOption())
    .addHelpText(
      'after',
      '\nUses MIGRATION_DATABASE_URL, else DATABASE_URL, else the embedded database. The login must be able to create\n' +
        'roles and extensions, on a direct connection: not through a pooler in transaction mode.\n\n' +
        'Safe to run twice and by many processes at once: one works, the others wait and find nothing to do. A change\n' +
        'that fails is rolled back as a whole. Afterwards extensions and row-level security are verified; exit 1 when\n' +
        'anything is amiss.',
    )
    .action((options: MigrateOptions) => runMigrate(io, options));
}

async function runMigrate(io: CommandIo, { yes, data }: MigrateOptions): Promise<void> {
  const opened = await openDatabaseSettings(io, data);
  try {
    const session = await connectAsLogin(opened.ownerUrl);
    try {
      const engine = opened.settings.timeSeriesEngine;
      const fault = await engineFault(session.client, engine);
      if (fault !== undefined) throw new CommandFailed(fault);
      await showTarget(io, opened.ownerUrl, session, yes === true);
      const outcome = await migrate(opened.ownerUrl, { engine });
      await report(io, outcome, session);
    } finally {
      await session.end();
    }
  } finally {
    await opened.close();
  }
}

async function showTarget(io: CommandIo, url: string, session: LoginSession, yes: boolean): Promise<void> {
  const { host, database, login } = describeDatabase(url);
  const plan = await plannedRoad(session);
  io.print(`Target   ${database} on ${host}, as ${login}`);
  io.print(`Road     ${plan.road}: ${ROADS[plan.road]}`);
  for (const file of plan.applied) io.print(`         ${file}`);
  if (yes) return;
  const agreed = await io.confirm(`Migrate ${database} on ${host}?`);
  if (agreed === undefined) throw new CommandFailed('Nobody can be asked here: add --yes to migrate.');
  if (!agreed) throw new CommandFailed('Nothing was changed.');
}

async function report(io: CommandIo, outcome: MigrationOutcome, session: LoginSession): Promise<void> {
  const verified = await verifySchema(session);
  const rows = [
    [
      'applied',
      'ok',
      outcome.applied.length === 0 ? 'nothing: the schema was current' : outcome.applied.join('\n'),
    ],
    ...verified.map(({ what, good, detail }) => [what, good ? 'ok' : 'fail', detail]),
  ];
  io.print(renderTable(['check', 'verdict', 'detail'], rows, io.columns));
  const bad = verified.filter(({ good }) => !good);
  if (bad.length > 0) {
    throw new CommandFailed(`The schema does not pass: ${bad.map(({ what }) => what).join(', ')}.`);
  }
}
