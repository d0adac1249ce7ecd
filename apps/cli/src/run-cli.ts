import { SettingsInvalid } from '@lib/config';
import { EmbeddedPostgresError } from '@lib/database';
import { VERSION } from '@lib/observability';
import { DomainError } from '@lib/primitives';
import { Command, CommanderError } from 'commander';
import type { CommandIo } from './command-io.js';
import { CommandFailed } from './command.errors.js';
import { configCommand } from './config/config.command.js';
import { doctorCommand } from './doctor/doctor.command.js';
import { importCommand } from './import/import.command.js';
import { migrateCommand } from './migrate/migrate.command.js';
import { startCommand } from './start/start.command.js';
import { keyCommand } from './tenants/key.command.js';
import { tenantCommand } from './tenants/tenant.command.js';

/**
 * Runs one command and returns the exit code: 0 when it did what was asked, else 1.
 * @param args what follows the program's name
 */
export async function runCli(args: readonly string[], io: CommandIo): Promise<number> {
  try {
    await createProgram(io).parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    io.warn(describeFailure(error));
    return 1;
  }
}

function createProgram(io: CommandIo): Command {
  const program = new Command('podcast')
    .description('Podcast measurement: counts downloads and listening, and says what a sponsor got.')
    .version(VERSION)
    .showHelpAfterError('Add --help to see what is possible.')
    .addHelpText(
      'after',
      '\nEvery command finds its database in the same way: DATABASE_URL or POSTGRES_*, else the embedded installation\n' +
        'in .data that npm start has made.',
    );
  const commands = [
    startCommand,
    migrateCommand,
    doctorCommand,
    tenantCommand,
    keyCommand,
    importCommand,
    configCommand,
  ];
  for (const command of commands) program.addCommand(command(io));
  for (const command of everyCommand(program)) {
    // Sub-commands made with addCommand inherit neither.
    command.exitOverride().configureOutput({
      writeOut: (text) => io.print(text.trimEnd()),
      writeErr: (text) => io.warn(text.trimEnd()),
      getOutHelpWidth: () => io.columns,
    });
  }
  return program;
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

/** Expected failures are told in their own words; only a surprise shows where in the program it happened. */
function describeFailure(error: unknown): string {
  const expected = [CommandFailed, SettingsInvalid, EmbeddedPostgresError, DomainError];
  if (!(error instanceof Error)) return String(error);
  if (expected.some((kind) => error instanceof kind)) return error.message;
  const { code } = error as { code?: string };
  // Errors of the server (SQLSTATE) and of the network (ECONNREFUSED) explain themselves.
  if (code !== undefined && /^([0-9A-Z]{5}|E[A-Z]+)$/.test(code)) return `${error.message} (${code})`;
  return error.stack ?? error.message;
}
