import { execFile } from 'node:child_process';
import { cp, lstat, mkdtemp, rename, rm } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { promisify } from 'node:util';
import type { PostgresPackage, ServerAccount } from './embedded-postgres.contract.js';
import { EmbeddedPostgresError } from './embedded-postgres.errors.js';
import { recreateLibraryLinks } from './recreate-library-links.js';
import { runProgram } from './run-program.js';
import { sharedTemporaryDirectory } from './server-account.js';

/**
 * A package whose programs the account can run: the installed one with its library links restored, or, when the
 * account cannot reach that, a copy in the temporary directory shared by all clusters of this version.
 * Throws `package_unusable` with what the program said.
 */
export async function usablePackage(
  installed: PostgresPackage,
  account: ServerAccount | undefined,
): Promise<PostgresPackage> {
  await recreateLibraryLinks(installed.directory);
  const fault = await findFault(installed, account);
  if (fault === undefined) return installed;
  if (!account) throw unusable(installed, fault);

  const copy = await copyForAccount(installed, account);
  const copyFault = await findFault(copy, account);
  if (copyFault !== undefined) throw unusable(copy, copyFault);
  return copy;
}

async function findFault(
  { postgres }: PostgresPackage,
  account: ServerAccount | undefined,
): Promise<string | undefined> {
  try {
    const { exitCode, output } = await runProgram(postgres, ['--version'], { cwd: '/', account });
    return exitCode === 0 ? undefined : output;
  } catch (error) {
    return String(error);
  }
}

async function copyForAccount(installed: PostgresPackage, account: ServerAccount): Promise<PostgresPackage> {
  const temporary = await sharedTemporaryDirectory(account);
  const directory = join(temporary, `podcast-postgres-${installed.version}-${basename(installed.directory)}`);
  if (!(await isOurs(directory))) await publishCopy(installed.directory, directory);
  const inCopy = (program: string): string => join(directory, relative(installed.directory, program));
  return {
    ...installed,
    directory,
    postgres: inCopy(installed.postgres),
    initdb: inCopy(installed.initdb),
    pgCtl: inCopy(installed.pgCtl),
  };
}

/** Copies under a name of its own and renames at the end: several processes may do this at once. */
async function publishCopy(source: string, directory: string): Promise<void> {
  const draft = await mkdtemp(`${directory}.`);
  try {
    await cp(join(source, 'native'), join(draft, 'native'), { recursive: true, verbatimSymlinks: true });
    await recreateLibraryLinks(draft);
    // A clone made under umask 077 would stay unreadable for the account.
    await promisify(execFile)('chmod', ['-R', 'a+rX,go-w', draft]);
    await rename(draft, directory);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (!(await isOurs(directory))) throw error;
  }
}

/** Anybody may create names in the temporary directory; only root's own directory holds programs we would run. */
async function isOurs(directory: string): Promise<boolean> {
  const found = await lstat(directory).catch(() => undefined);
  if (!found) return false;
  if (found.isDirectory() && found.uid === 0 && (found.mode & 0o022) === 0) return true;
  throw new EmbeddedPostgresError('package_unusable', `${directory} does not belong to root. Remove it.`);
}

function unusable({ directory }: PostgresPackage, output: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'package_unusable',
    `The programs in ${directory} do not run. They need glibc and a file system that allows execution; ` +
      `npm rebuild restores missing library links.`,
    { output },
  );
}
