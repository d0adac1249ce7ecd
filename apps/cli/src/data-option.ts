import { Option } from 'commander';

/** The option of every command that can work on the embedded database. */
export function dataOption(): Option {
  return new Option(
    '--data <directory>',
    'data directory of the embedded installation; used when neither DATABASE_URL nor POSTGRES_HOST is set',
  ).default('.data');
}
