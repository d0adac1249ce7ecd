import { SettingsInvalid } from '@lib/config';
import { DomainError } from '@lib/primitives';
import { Command, CommanderError } from 'commander';
import type { CommandIo } from './command-io.js';
import { CommandFailed } from './command.errors.js';

type CommandMaker = (io: CommandIo) => Command;

/** Loaded when they are asked for: a container that only checks its configuration need not load the database. */
const COMMANDS: Readonly<Record<string, () => Promise<CommandMaker>>> = {
  start: async () => (await import('./start/start.command.js')).startCommand,
  migrate: async () => (await import('./migrate/migrate.command.js')).migrateCommand,
  doctor: async () => (await import('./doctor/doctor.command.js')).doctorCommand,
  tenant: async () => (await import('./tenants/tenant.command.js')).tenantCommand,
  key: async () => (await import('./tenants/key.command.js')).keyCommand,
  lists: async () => (await import('./lists/lists.command.js')).listsCommand,
  import: async () => (await import('./import/import.command.js')).importCommand,
  privacy: async () => (await import('./privacy/privacy.command.js')).privacyCommand,
  config: async () => (await import('./config/config.command.js')).configCommand,
  bench: async () => (await import('./bench/bench.command.js')).benchCommand,
};

/**
 * Runs one command and returns the exit code: 0 when it did what was asked, else 1.
 * @param args what follows the program's name
 */
export async function runCli(args: readonly string[], io: CommandIo): Promise<number> {
  try {
    const program = await createProgram(io, args[0] ?? '');
    await program.parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    io.warn(describeFailure(error));
    return 1;
  }
}

/** The program with the command that is wanted, or with every command when the first word names none. */
async function createProgram(io: CommandIo, wanted: string): Promise<Command> {
  const program = new Command('podcast')
    .description('Podcast measurement: counts downloads and listening, and says what a sponsor got.')
    .version(await version(wanted))
    .showHelpAfterError('Add --help to see what is possible.')
    .addHelpText(
      'after',
      '\nEvery command finds its database in the same way: DATABASE_URL or POSTGRES_*, else the embedded installation\n' +
        'in .data that npm start has made. In a clone, say: npm run podcast -- <command>',
    );
  const load = COMMANDS[wanted];
  for (const each of load === undefined ? Object.values(COMMANDS) : [load])
    program.addCommand((await each())(io));
  for (const command of everyCommand(program)) {
    // Sub-commands made with addCommand inherit neither.
    command.exitOverride().configureOutput({
      writeOut: (text) => io.print(text.trimEnd()),
      writeErr: (text) => io.warn(text.trimEnd()),
      getOutHelpWidth: () => io.columns,
      getErrHelpWidth: () => io.columns,
    });
  }
  return program;
}

/** The version where it is asked for; else only the option's line in the help text needs one. */
async function version(wanted: string): Promise<string> {
  return ['-V', '--version'].includes(wanted) ? (await import('@lib/observability')).VERSION : '';
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

/** Expected failures are told in their own words; only a surprise shows where in the program it happened. */
function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const expected = [CommandFailed, SettingsInvalid, DomainError].some((kind) => error instanceof kind);
  // By its name, because its class would load the database.
  if (expected || error.name === 'EmbeddedPostgresError') return error.message;
  const { code } = error as { code?: string };
  if (code !== undefined && /^E[A-Z]+$/.test(code)) return error.message;
  // An SQLSTATE of the server.
  if (code !== undefined && /^[0-9A-Z]{5}$/.test(code)) return `${error.message} (${code})`;
  return error.stack ?? error.message;
}
