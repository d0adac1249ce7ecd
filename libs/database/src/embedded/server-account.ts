import { readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import type { ServerAccount } from './embedded-postgres.contract.js';
import { EmbeddedPostgresError } from './embedded-postgres.errors.js';

const preferred = ['postgres', '_postgres', 'nobody', 'daemon'] as const;

/** True when we are root, which PostgreSQL refuses to run as. */
export function runsAsRoot(): boolean {
  return process.geteuid?.() === 0;
}

/**
 * The unprivileged account that a new cluster belongs to when we are root: `postgres` where it exists, else
 * `nobody`. Throws `account_missing`.
 */
export async function chooseServerAccount(): Promise<ServerAccount> {
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  for (const name of preferred) {
    const [, , uid, gid] = lines.find(([account]) => account === name) ?? [];
    if (Number(uid) > 0 && Number(gid) > 0) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new EmbeddedPostgresError(
    'account_missing',
    `PostgreSQL does not run as root, and /etc/passwd names none of ${preferred.join(', ')}. Start as another user.`,
  );
}

/** True when the account may pass through every directory from the root down to this one, links resolved. */
export async function canEnter(directory: string, account: ServerAccount): Promise<boolean> {
  for (let path = directory; ; path = dirname(path)) {
    const { mode, uid, gid } = await stat(path);
    const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (path === dirname(path)) return true;
  }
}

/** The system's temporary directory, or /tmp where that one belongs to us alone (macOS, a private TMPDIR). */
export async function sharedTemporaryDirectory(account: ServerAccount): Promise<string> {
  return (await canEnter(tmpdir(), account)) ? tmpdir() : '/tmp';
}
