import { open, readFile, type FileHandle } from 'node:fs/promises';

/** One event that the API said it has stored. */
export interface Acknowledgement {
  readonly tenantId: string;
  readonly eventId: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/**
 * Acknowledgements on disk, outside of everything that is killed. An entry counts from the moment at which `append` has
 * resolved: it is synced then. Writers that come together share one sync.
 */
export class Ledger {
  private waiting: { lines: string; done: () => void; failed: (error: unknown) => void }[] = [];
  private writing = false;

  private constructor(
    private readonly file: FileHandle,
    private readonly path: string,
  ) {}

  static async create(path: string): Promise<Ledger> {
    return new Ledger(await open(path, 'ax', 0o600), path);
  }

  append(entries: readonly Acknowledgement[]): Promise<void> {
    if (entries.length === 0) return Promise.resolve();
    const lines = entries.map(({ tenantId, eventId, at }) => `${tenantId} ${eventId} ${at}\n`).join('');
    return new Promise((done, failed) => {
      this.waiting.push({ lines, done, failed });
      if (!this.writing) void this.write();
    });
  }

  /** Reads every entry back from the disk and closes the file. */
  async finish(): Promise<Acknowledgement[]> {
    await this.file.close();
    const lines = (await readFile(this.path, 'utf8')).split('\n').slice(0, -1);
    return lines.map((line) => {
      const [tenantId = '', eventId = '', at = ''] = line.split(' ');
      return { tenantId, eventId, at: Number(at) };
    });
  }

  private async write(): Promise<void> {
    this.writing = true;
    while (this.waiting.length > 0) {
      const group = this.waiting;
      this.waiting = [];
      try {
        await this.file.appendFile(group.map(({ lines }) => lines).join(''));
        await this.file.datasync();
        for (const { done } of group) done();
      } catch (error) {
        for (const { failed } of group) failed(error);
      }
    }
    this.writing = false;
  }
}
