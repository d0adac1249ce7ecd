import { access, chown, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClusterPlace, PostgresPackage, SuperuserLogin } from './embedded-postgres.contract.js';
import { EmbeddedPostgresError } from './embedded-postgres.errors.js';
import { runProgram } from './run-program.js';

/** C.UTF-8 is a locale of glibc; elsewhere plain C gives the same order. */
const locale = process.platform === 'linux' ? 'C.UTF-8' : 'C';

/**
 * Runs initdb unless the cluster exists. It works in a draft directory that gets its final name at the end, so an
 * interrupted initdb never looks like a cluster, and of two at once the first wins. Returns true when this call
 * created the cluster. Throws `initdb_failed` with initdb's output.
 */
export async function initialiseCluster(
  programs: PostgresPackage,
  place: ClusterPlace,
  superuser: SuperuserLogin,
): Promise<boolean> {
  if (await isInitialised(place)) return false;
  const draft = await mkdtemp(join(place.root, 'data.draft-'));
  const passwordFile = `${draft}.password`;
  try {
    await writeFile(passwordFile, superuser.password, { mode: 0o600, flag: 'wx' });
    if (place.account) {
      await chown(draft, place.account.uid, place.account.gid);
      await chown(passwordFile, place.account.uid, place.account.gid);
    }
    await runInitdb(programs, place, draft, superuser.user, passwordFile);
    return await publish(draft, place);
  } finally {
    await rm(passwordFile, { force: true });
    await rm(draft, { recursive: true, force: true });
  }
}

async function runInitdb(
  { initdb }: PostgresPackage,
  place: ClusterPlace,
  draft: string,
  user: string,
  passwordFile: string,
): Promise<void> {
  const parameters = ['-D', draft, '-U', user, `--pwfile=${passwordFile}`];
  parameters.push('--auth=scram-sha-256', '--encoding=UTF8', `--locale=${locale}`);
  const { exitCode, output } = await runProgram(initdb, parameters, {
    cwd: place.root,
    account: place.account,
  });
  if (exitCode === 0) return;
  throw new EmbeddedPostgresError('initdb_failed', `initdb could not create a cluster in ${place.root}.`, {
    output,
  });
}

async function publish(draft: string, place: ClusterPlace): Promise<boolean> {
  try {
    await rename(draft, place.data);
    return true;
  } catch (error) {
    if (await isInitialised(place)) return false;
    throw error;
  }
}

async function isInitialised({ data }: ClusterPlace): Promise<boolean> {
  return access(join(data, 'PG_VERSION')).then(
    () => true,
    () => false,
  );
}
