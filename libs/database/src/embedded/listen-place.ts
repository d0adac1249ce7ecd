import { chown, chmod, mkdir, mkdtemp } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClusterPlace } from './embedded-postgres.contract.js';
import { sharedTemporaryDirectory } from './server-account.js';
import type { ListenAt } from './server-settings.js';

/** With one socket directory for each cluster the port is only a part of the socket's file name. */
const socketPort = 5432;

/** A socket's path holds 107 bytes on Linux and 103 on macOS. */
const maximumSocketPath = 103;

/**
 * Prepares the place where the server will listen: on POSIX systems a directory, mode 0700, that belongs to the
 * server's account (root may enter it all the same); on Windows a free port of 127.0.0.1.
 * The directory is `run` in the cluster, or a temporary one where that path is too long for a socket.
 */
export async function prepareListenPlace({ root, account }: ClusterPlace): Promise<ListenAt> {
  if (process.platform === 'win32') return { socketDirectory: undefined, port: await freePort() };
  let socketDirectory = join(root, 'run');
  if (Buffer.byteLength(join(socketDirectory, `.s.PGSQL.${socketPort}`)) > maximumSocketPath) {
    socketDirectory = await temporaryDirectory(account ? await sharedTemporaryDirectory(account) : tmpdir());
  } else {
    await mkdir(socketDirectory, { recursive: true });
  }
  await chmod(socketDirectory, 0o700);
  if (account) await chown(socketDirectory, account.uid, account.gid);
  return { socketDirectory, port: socketPort };
}

function temporaryDirectory(parent: string): Promise<string> {
  return mkdtemp(join(Buffer.byteLength(parent) > maximumSocketPath - 40 ? '/tmp' : parent, 'podcast-run-'));
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
