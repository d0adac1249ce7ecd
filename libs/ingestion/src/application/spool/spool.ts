import { Gauge } from 'prom-client';
import { unlink } from 'node:fs/promises';
import { frameLine } from '../../domain/spool/frame-line.js';
import { SpoolDirectory, type SpooledFile } from './spool-directory.js';
import { SpoolFile } from './spool-file.js';
import { SpoolRefused } from './spool.errors.js';

export interface SpoolLimits {
  /** What this process may keep on the disk, in bytes. */
  readonly maxBytes: number;
  /** A file that has grown to so many bytes is followed by another. */
  readonly fileBytes: number;
}

/** Lines that may wait in memory for a slow disk. */
const WAITING_BYTES = 16 * 1024 * 1024;

const spoolBytes = new Gauge({
  name: 'spool_bytes',
  help: 'Bytes of tracked requests on the local disk that are not in the database yet.',
});

/**
 * Lines on the local disk until the database takes them. Survives kill -9: a line that was taken is on the disk.
 *
 * Bounded in bytes, what waits for the disk included. A disk that fails costs the lines of that moment; the next line
 * tries a new file.
 */
export class Spool {
  private readonly directory: SpoolDirectory;
  private active: SpoolFile | undefined;
  private opening: Promise<SpoolFile> | undefined;
  private readonly sealed = new Map<string, number>();
  private bytes = 0;
  private waitingBytes = 0;

  constructor(
    root: string,
    private readonly limits: SpoolLimits,
  ) {
    this.directory = new SpoolDirectory(root);
    this.occupy(0);
  }

  /** Resolves when the line is on the disk. @param text without line feeds @throws SpoolRefused */
  async append(text: string): Promise<void> {
    const line = frameLine(text);
    const size = Buffer.byteLength(line);
    if (this.bytes + size > this.limits.maxBytes || this.waitingBytes > WAITING_BYTES)
      throw new SpoolRefused('full');
    this.occupy(size);
    this.waitingBytes += size;
    try {
      await this.write(line);
    } catch (error) {
      this.occupy(-size);
      throw new SpoolRefused('failed', error);
    } finally {
      this.waitingBytes -= size;
    }
  }

  /** Closes the file that is being written, so that it can be read, if it holds anything. */
  async seal(): Promise<void> {
    if (this.active !== undefined && this.active.bytes > 0) await this.retire(this.active);
  }

  /** The files to be read, oldest first. `bytes` is how much of each holds. */
  files(): SpooledFile[] {
    return [...this.sealed].map(([path, bytes]) => ({ path, bytes }));
  }

  /** Deletes a file whose lines are stored. */
  async remove({ path, bytes }: SpooledFile): Promise<void> {
    await unlink(path);
    if (this.sealed.delete(path)) this.occupy(-bytes);
  }

  /** Shows that this process lives, and takes over what dead ones have left, as far as there is room. */
  async adopt(): Promise<void> {
    await this.directory.ensure();
    await this.directory.touch();
    for (const { path, bytes } of await this.directory.takeOver(this.limits.maxBytes - this.bytes)) {
      this.sealed.set(path, bytes);
      this.occupy(bytes);
    }
  }

  /** Ends in order. What is left on the disk is for the next process. */
  async close(): Promise<void> {
    if (this.active !== undefined) await this.retire(this.active);
    await this.directory.release();
  }

  private async write(line: string): Promise<void> {
    for (;;) {
      const file = await this.current();
      if (file.closed) continue;
      try {
        await file.append(line);
        if (file.bytes >= this.limits.fileBytes) await this.retire(file);
        return;
      } catch (error) {
        await this.retire(file);
        // Another process thought this one dead and has the file. It stores what it finds there; a repeat is harmless.
        if (!file.moved) throw error;
      }
    }
  }

  private async current(): Promise<SpoolFile> {
    if (this.active !== undefined) return this.active;
    this.opening ??= this.open().finally(() => (this.opening = undefined));
    return this.opening;
  }

  private async open(): Promise<SpoolFile> {
    await this.directory.ensure();
    this.active = await SpoolFile.create(this.directory.nextFile());
    return this.active;
  }

  /** Takes the file out of use. Of many writers whose lines fail together, the first does. */
  private async retire(file: SpoolFile): Promise<void> {
    if (this.active !== file) return;
    this.active = undefined;
    await file.close();
    if (file.moved) this.occupy(-file.bytes);
    else if (file.bytes > 0) this.sealed.set(file.path, file.bytes);
    else await unlink(file.path).catch(() => undefined);
  }

  private occupy(bytes: number): void {
    this.bytes += bytes;
    spoolBytes.set(this.bytes);
  }
}
