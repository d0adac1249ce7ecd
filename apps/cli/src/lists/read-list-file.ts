import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { LIST_FILE_BYTES, type ListFile, NETWORK_FILE_BYTES } from '@lib/ingestion';
import { CommandFailed } from '../command.errors.js';

/** Reads one file of an agent list: `bots.json` and so on in a folder. */
export function readListFile(folder: string, file: ListFile): Promise<Uint8Array> {
  return readUpTo(join(folder, `${file}.json`), LIST_FILE_BYTES);
}

/** Reads a CSV file of networks. */
export function readNetworksFile(path: string): Promise<Uint8Array> {
  return readUpTo(path, NETWORK_FILE_BYTES);
}

/** Looks at the size first, so that a wrong path does not fill the memory. */
async function readUpTo(path: string, maxBytes: number): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    if (size > maxBytes) throw new CommandFailed(`${path} has ${size} bytes; it may have ${maxBytes}.`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}
