import { chmod, lstat, mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createFileOnce } from './create-file-once.js';
import type { ClusterPlace, ServerAccount } from './embedded-postgres.contract.js';
import { EmbeddedPostgresError } from './embedded-postgres.errors.js';
import { canEnter, chooseServerAccount, runsAsRoot, sharedTemporaryDirectory } from './server-account.js';

const pointerName = 'postgres-location.json';

/**
 * Decides where the cluster of a data directory lives, and creates that place.
 *
 * - Not root: `<dataDir>/postgres`, private to us.
 * - Root: `<dataDir>/postgres` too when an unprivileged account can enter it; otherwise (a clone in a 0700 home)
 *   a directory under the system's temporary directory, named by a pointer file in the data directory, so that the
 *   next start finds the same data.
 *
 * Throws `cluster_missing` when the pointer names a directory that is gone: an empty database must never silently
 * take the place of a lost one.
 */
export async function placeCluster(dataDir: string, log: (line: string) => void): Promise<ClusterPlace> {
  const local = join(dataDir, 'postgres');
  if (!runsAsRoot()) {
    await mkdir(local, { recursive: true, mode: 0o700 });
    return describePlace(local, undefined);
  }
  const account = await chooseServerAccount();
  const pointer = join(dataDir, pointerName);
  const pointed = await readPointer(pointer);
  if (pointed !== undefined) return describePlace(pointed, account);
  if ((await exists(local)) || (await canEnter(dataDir, account))) {
    await mkdir(local, { recursive: true });
    await chmod(local, 0o711);
    return describePlace(local, account);
  }
  return describePlace(await createOutside(pointer, account, log), account);
}

async function createOutside(
  pointer: string,
  account: ServerAccount,
  log: (line: string) => void,
): Promise<string> {
  const directory = await mkdtemp(join(await sharedTemporaryDirectory(account), 'podcast-data-'));
  await chmod(directory, 0o711);
  if (await createFileOnce(pointer, `${JSON.stringify({ clusterDirectory: directory }, null, 2)}\n`)) {
    log(`no unprivileged account can enter ${dirname(pointer)}: PostgreSQL keeps its data in ${directory}`);
    return directory;
  }
  await rm(directory, { recursive: true });
  return (await readPointer(pointer)) ?? directory;
}

async function readPointer(pointer: string): Promise<string | undefined> {
  const content = await readFile(pointer, 'utf8').catch(() => undefined);
  if (content === undefined) return undefined;
  const directory = String((JSON.parse(content) as { clusterDirectory: unknown }).clusterDirectory);
  const found = await lstat(directory).catch(() => undefined);
  // Somebody else's directory of that name, made after the temporary directory was cleared, is not our cluster.
  if (found?.isDirectory() && found.uid === 0) return directory;
  throw new EmbeddedPostgresError(
    'cluster_missing',
    `${pointer} says that the data is in ${directory}, which is gone. ` +
      `Restore it, or delete the pointer file to start with an empty database.`,
  );
}

/** An existing cluster keeps its owner, also when root starts what another user created. */
async function describePlace(root: string, chosen: ServerAccount | undefined): Promise<ClusterPlace> {
  const data = join(root, 'data');
  const owner = chosen && (await stat(data).catch(() => undefined));
  const account = owner ? { uid: owner.uid, gid: owner.gid } : chosen;
  return { root, data, serverLog: join(root, 'server.log'), account };
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
