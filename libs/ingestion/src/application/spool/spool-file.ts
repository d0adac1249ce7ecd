import { open, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

interface Waiting {
  readonly line: string;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * One file that lines are appended to, and each is on the disk before its writer is told so. Lines that come while the
 * disk works share the next write and the next fsync.
 *
 * After an error the file takes nothing more: `bytes` says how much of it holds, and the rest is cut off.
 */
export class SpoolFile {
  private waiting: Waiting[] = [];
  private working: Promise<void> | undefined;
  private failure: Error | undefined;
  /** Bytes that are on the disk. */
  bytes = 0;
  /** Somebody took the file away: what was written since may have been lost with it. */
  moved = false;
  /** It takes no more lines. */
  closed = false;

  private constructor(
    readonly path: string,
    private readonly handle: FileHandle,
    private readonly inode: number,
  ) {}

  /** Creates the file. @throws when there is one of this name, or the directory cannot be written */
  static async create(path: string): Promise<SpoolFile> {
    const handle = await open(path, 'ax', 0o600);
    try {
      await syncDirectory(dirname(path));
      return new SpoolFile(path, handle, (await handle.stat()).ino);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Resolves when the line is on the disk. @throws the disk's error; then the line is not in the file */
  append(line: string): Promise<void> {
    if (this.closed) return Promise.reject(new Error('the file was closed'));
    return new Promise((resolve, reject) => {
      this.waiting.push({ line, resolve, reject });
      this.working ??= this.work();
    });
  }

  /** Takes nothing more from now on, waits for what is being written, and closes the file. */
  async close(): Promise<void> {
    this.closed = true;
    await this.working;
    await this.handle.close().catch(() => undefined); // every line that was taken is on the disk
  }

  private async work(): Promise<void> {
    while (this.waiting.length > 0) {
      const group = this.waiting;
      this.waiting = [];
      try {
        await this.write(group.map(({ line }) => line).join(''));
        for (const { resolve } of group) resolve();
      } catch (error) {
        await this.fail(error as Error, group);
      }
    }
    this.working = undefined;
  }

  private async write(text: string): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    const { length } = await this.writeAll(Buffer.from(text));
    await this.handle.datasync();
    // Whoever takes a file over renames it before reading it. Still being in place after the fsync is therefore proof
    // that a reader to come will see these lines.
    this.moved = (await stat(this.path).catch(() => undefined))?.ino !== this.inode;
    if (this.moved) throw new Error('the file was taken over');
    this.bytes += length;
  }

  private async writeAll(data: Buffer): Promise<Buffer> {
    for (let done = 0; done < data.length;)
      done += (await this.handle.write(data, done, data.length - done)).bytesWritten;
    return data;
  }

  private async fail(error: Error, group: readonly Waiting[]): Promise<void> {
    this.failure = error;
    // Lines that were refused must not come back from the file. One that was taken over belongs to another process.
    if (!this.moved) await this.handle.truncate(this.bytes).catch(() => undefined);
    for (const { reject } of group) reject(error);
  }
}

/** Makes the names in a directory survive a crash of the machine. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
