import { readSettings, SettingsInvalid, VARIABLES } from '@lib/config';
import { Command } from 'commander';
import type { CommandIo } from '../command-io.js';
import { CommandFailed } from '../command.errors.js';

/** `podcast config`: judges the environment without touching a database. */
export function configCommand(io: CommandIo): Command {
  const config = new Command('config').description('check the environment variables');
  config
    .command('check')
    .description('name every fault of the environment at once; exit 1 when there is one')
    .addHelpText(
      'after',
      '\nOpens no connection. A container runs it before the program, so that a wrong variable is one clear line.\n\n' +
        'Variables that are read:\n' +
        VARIABLES.map((name) => `  ${name}`).join('\n'),
    )
    .action(() => checkConfig(io));
  return config;
}

function checkConfig(io: CommandIo): void {
  try {
    readSettings(io.environment);
  } catch (error) {
    if (!(error instanceof SettingsInvalid)) throw error;
    for (const fault of error.faults) io.warn(`  ${fault}`);
    const count = error.faults.length;
    throw new CommandFailed(`The configuration has ${count} ${count === 1 ? 'fault' : 'faults'}.`);
  }
  io.print('The configuration is valid.');
}
