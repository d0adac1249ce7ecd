import { randomInt } from 'node:crypto';
import { Command, InvalidArgumentError, Option } from 'commander';
import { MUTANTS, type MutantName } from './mutants.js';

export interface DrillOptions {
  seed: number;
  /** For how long things are killed. Setting up, healing and checking come on top. */
  faultSeconds: number;
  mutant: MutantName | undefined;
  /** Whether to use Redis where there is one; else queues live in PostgreSQL. */
  redis: boolean;
  /** Leave the temporary directory with all logs behind. */
  keep: boolean;
}

const SHORT_SECONDS = 22;
const LONG_SECONDS = 300;

/** Reads the command line. Ends the process with an explanation when it is not usable, or asks for help. */
export function readDrillOptions(argv: readonly string[]): DrillOptions {
  const command = new Command('drill:kill')
    .description(
      'Kills API, worker, PostgreSQL and Redis at random under load, lets them recover, and proves that every ' +
        'acknowledged event is stored once and counted once. Exit code 1: a promise was broken. 2: the drill failed.',
    )
    .option('--short', `kill for ${SHORT_SECONDS} seconds: about a minute in all`)
    .option('--seconds <n>', `kill for this long; ${LONG_SECONDS} unless --short`, wholeNumber)
    .option('--seed <n>', 'repeat the schedule of an earlier run', wholeNumber)
    .addOption(
      new Option('--mutant <name>', 'break the product first; the drill must then fail').choices(
        Object.keys(MUTANTS),
      ),
    )
    .option('--no-redis', 'keep queues in PostgreSQL even where there is a redis-server')
    .option('--keep', 'leave logs and data behind and say where');
  const options = command.parse(argv).opts<{
    short?: true;
    seconds?: number;
    seed?: number;
    mutant?: MutantName;
    redis: boolean;
    keep?: true;
  }>();
  return {
    seed: options.seed ?? randomInt(1_000_000),
    faultSeconds: options.seconds ?? (options.short === true ? SHORT_SECONDS : LONG_SECONDS),
    mutant: options.mutant,
    redis: options.redis,
    keep: options.keep === true,
  };
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('must be a whole number');
  return Number(text);
}
