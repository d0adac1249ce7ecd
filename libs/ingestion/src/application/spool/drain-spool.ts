import { readFile, stat } from 'node:fs/promises';
import { withinTime } from '@lib/primitives';
import type { Logger } from 'pino';
import { Counter } from 'prom-client';
import { readFramedLines } from '../../domain/spool/frame-line.js';
import type { UnrecordedRequest } from '../../domain/unrecorded-request.js';
import type { SpooledFile } from './spool-directory.js';
import type { Spool } from './spool.js';

/** What becomes of the lines of a spool. */
export interface SpoolReplay {
  /**
   * Stores lines, each once however often it comes.
   * @returns those that can never be stored
   * @throws while the database does not take them
   */
  store(lines: readonly string[]): Promise<readonly UnrecordedRequest[]>;
  /** Lines that have become too old to be stored. */
  expire(lines: readonly string[]): readonly UnrecordedRequest[];
  /** Is told once of every request that is not recorded. */
  count(request: UnrecordedRequest): void;
}

const DRAIN_MS = 1_000;
/** A third of the time after which a process is taken for dead. */
const TOUCH_MS = 5_000;
const LAST_TRY_MS = 5_000;

const damaged = new Counter({
  name: 'spool_damaged_lines_total',
  help: 'Lines of the spool whose checksum does not fit: the disk has lost or changed them.',
});

/**
 * Brings what is spooled into the database, and what dead processes have left with it, for as long as this process
 * lives. A file goes only when all its lines are stored, so a crash at any point repeats some of them and loses none.
 */
export class DrainSpool {
  private readonly timers: NodeJS.Timeout[] = [];
  private working: Promise<void> | undefined;
  private failing = false;

  constructor(
    private readonly spool: Spool,
    private readonly replay: SpoolReplay,
    private readonly options: { maxAgeMs: number; logger: Logger },
  ) {
    this.every(TOUCH_MS, () => this.adopt());
    this.every(DRAIN_MS, () => this.run());
    void this.adopt();
  }

  /** Stores what is spooled, as far as the database takes it. */
  run(): Promise<void> {
    this.working ??= this.drain().finally(() => (this.working = undefined));
    return this.working;
  }

  /** Stops after a last try, since the disk may go with this process. What is left stays on it. */
  async stop(): Promise<void> {
    this.timers.forEach(clearInterval);
    const lastTry = (this.working ?? Promise.resolve()).then(() => (this.failing ? undefined : this.run()));
    await withinTime(lastTry, LAST_TRY_MS, () => new Error('late')).catch(() => undefined);
  }

  private async drain(): Promise<void> {
    try {
      await this.spool.seal();
      for (const file of this.spool.files()) await this.store(file);
      this.failing = false;
    } catch (error) {
      if (!this.failing) this.options.logger.warn({ err: error }, 'the spool cannot be drained yet');
      this.failing = true;
      await this.dropExpired();
    }
  }

  private async store(file: SpooledFile): Promise<void> {
    const { lines, damaged: broken } = await readLines(file);
    const lost = await this.replay.store(lines);
    await this.spool.remove(file);
    damaged.inc(broken);
    for (const request of lost) this.replay.count(request);
  }

  /** Files that nothing was added to for longer than events are accepted: no replay could store their lines any more. */
  private async dropExpired(): Promise<void> {
    for (const file of this.spool.files()) {
      const { mtimeMs } = (await stat(file.path).catch(() => undefined)) ?? { mtimeMs: Infinity };
      if (mtimeMs > Date.now() - this.options.maxAgeMs) continue;
      const { lines } = await readLines(file);
      await this.spool.remove(file);
      for (const request of this.replay.expire(lines)) this.replay.count(request);
    }
  }

  private async adopt(): Promise<void> {
    await this.spool
      .adopt()
      .catch((error: unknown) => this.options.logger.warn({ err: error }, 'SPOOL_DIR cannot be used'));
  }

  private every(ms: number, work: () => Promise<void>): void {
    this.timers.push(setInterval(() => void work(), ms).unref());
  }
}

async function readLines({ path, bytes }: SpooledFile): Promise<ReturnType<typeof readFramedLines>> {
  const contents = await readFile(path);
  return readFramedLines(contents.subarray(0, bytes).toString('utf8'));
}
