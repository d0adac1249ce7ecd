import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { LogFile } from '@lib/ingestion';
import { CommandFailed } from '../command.errors.js';

/** A log file of the disk. */
export interface LogFileOnDisk extends LogFile {
  readonly bytes: number;
}

/**
 * Opens a log file and reads it once for its checksum.
 * @param onRead told how many bytes of the file were read, each time it is read to be imported
 * @throws CommandFailed for what is no file; the system's error for one that cannot be read
 */
export async function openLogFile(path: string, onRead: (bytes: number) => void): Promise<LogFileOnDisk> {
  const found = await stat(path);
  if (!found.isFile()) throw new CommandFailed(`${path} is not a file.`);
  return {
    name: basename(path),
    sha256: await checksum(path),
    bytes: found.size,
    read: () => readCounted(path, onRead),
  };
}

async function checksum(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

async function* readCounted(path: string, onRead: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  let total = 0;
  for await (const chunk of createReadStream(path)) {
    yield chunk as Buffer;
    total += (chunk as Buffer).length;
    onRead(total);
  }
}
