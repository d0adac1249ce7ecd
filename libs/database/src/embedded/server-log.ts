import { constants } from 'node:fs';
import { open, rename, stat, type FileHandle } from 'node:fs/promises';

/** Windows has no such flag, though Node's types say so. */
const noFollow = (constants.O_NOFOLLOW as number | undefined) ?? 0;
const rotateAtBytes = 16 * 1024 * 1024;
const tailBytes = 4096;

/** The server's log, open for appending, and the offset where this start's lines begin. */
export interface OpenServerLog {
  readonly file: FileHandle;
  readonly startsAt: number;
}

/**
 * Opens the log, mode 0600: PostgreSQL writes failed statements into it. A log of more than 16 MiB first becomes
 * `server.log.1`. A symbolic link in its place is refused, since root may be writing here.
 */
export async function openServerLog(path: string): Promise<OpenServerLog> {
  const before = (await stat(path).catch(() => undefined))?.size ?? 0;
  if (before > rotateAtBytes) await rename(path, `${path}.1`);
  const flags = constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY | noFollow;
  const file = await open(path, flags, 0o600);
  return { file, startsAt: (await file.stat()).size };
}

/** The last 4 KiB of the log written since the given offset; empty when it cannot be read. */
export async function readLogTail(path: string, startsAt: number): Promise<string> {
  const file = await open(path, 'r').catch(() => undefined);
  if (!file) return '';
  try {
    const from = Math.max(startsAt, (await file.stat()).size - tailBytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(tailBytes), 0, tailBytes, from);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}
