import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rmdir, stat, utimes } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { syncDirectory } from './spool-file.js';

/** A process whose directory was not touched for so long is taken for dead. It may be wrong: see `SpoolFile`. */
export const STALE_MS = 15_000;

/** A file of the spool and its size in bytes. */
export interface SpooledFile {
  readonly path: string;
  readonly bytes: number;
}

/**
 * The part of `SPOOL_DIR` that belongs to this process: a directory with a name of its own, so that several processes
 * can share one volume. A process shows that it lives by touching its directory; what a dead one left is taken over.
 */
export class SpoolDirectory {
  private readonly name = `edge-${randomUUID()}`;
  private readonly root: string;
  private readonly path: string;
  private files = 0;

  constructor(root: string) {
    this.root = resolve(root);
    this.path = join(this.root, this.name);
  }

  /** Makes the directory where it is missing. @throws the disk's error */
  async ensure(): Promise<void> {
    const made = await mkdir(this.path, { recursive: true, mode: 0o700 });
    if (made !== undefined) for (const parent of parentsFrom(made, this.path)) await syncDirectory(parent);
  }

  /** The path of a file that is in nobody's way, in whatever directory it ends up. */
  nextFile(): string {
    this.files += 1;
    return join(this.path, `${this.name}-${String(this.files).padStart(6, '0')}.ndjson`);
  }

  /** Tells other processes that this one lives. */
  async touch(at = new Date()): Promise<void> {
    await utimes(this.path, at, at).catch(() => undefined);
  }

  /**
   * Moves files of dead processes into this directory, up to `maxBytes` altogether. Renaming is the claim: of several
   * processes that try, one has it.
   */
  async takeOver(maxBytes: number): Promise<SpooledFile[]> {
    const taken: SpooledFile[] = [];
    let left = maxBytes;
    for (const orphan of await this.orphans()) {
      for (const name of await readdir(orphan).catch(() => [])) {
        const { size } = (await stat(join(orphan, name)).catch(() => undefined)) ?? { size: Infinity };
        if (size > left) continue;
        const path = join(this.path, name);
        if (!(await succeeds(rename(join(orphan, name), path)))) continue;
        taken.push({ path, bytes: size });
        left -= size;
      }
      await rmdir(orphan).catch(() => undefined); // not empty: more next time
    }
    if (taken.length > 0) await syncDirectory(this.path);
    return taken;
  }

  /** Gives the directory up: what is left in it is anybody's at once. */
  async release(): Promise<void> {
    await rmdir(this.path).catch(() => this.touch(new Date(0)));
  }

  private async orphans(): Promise<string[]> {
    const names = await readdir(this.root).catch(() => []);
    const others = names.filter((name) => name.startsWith('edge-') && name !== this.name);
    const found: string[] = [];
    for (const path of others.map((name) => join(this.root, name))) {
      const touched = (await stat(path).catch(() => undefined))?.mtimeMs;
      // A time that lies ahead was set by a clock that has been put back since.
      if (touched !== undefined && Math.abs(Date.now() - touched) > STALE_MS) found.push(path);
    }
    return found;
  }
}

/** The directories that hold the names that were made: from the parent of the first to that of the last. */
function parentsFrom(first: string, last: string): string[] {
  const parents = [dirname(last)];
  for (let path = dirname(last); path.length >= first.length; path = dirname(path))
    parents.push(dirname(path));
  return parents;
}

async function succeeds(work: Promise<void>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}
