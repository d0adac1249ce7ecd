import { createWriteStream, mkdirSync, renameSync, statSync, type WriteStream } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { describeLogLine } from './describe-log-line.js';

const ROTATE_BYTES = 20_000_000;
const KEPT_LINES = 20;

/**
 * Where a child's output goes: every line into a file, warnings and errors also to the terminal. A file that has grown
 * above 20 MB is moved aside at the next start.
 */
export class ChildLog {
  private readonly file: WriteStream;
  private readonly last: string[] = [];

  constructor(
    private readonly name: string,
    path: string,
    private readonly say: (line: string) => void,
  ) {
    mkdirSync(dirname(path), { recursive: true });
    if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > ROTATE_BYTES) renameSync(path, `${path}.1`);
    this.file = createWriteStream(path, { flags: 'a', mode: 0o600 });
    // A full disk must not end the supervisor.
    this.file.on('error', () => undefined);
  }

  /** Takes over a stream of the child. Plain text on standard error is shown as it is. */
  follow(stream: Readable, isError: boolean): void {
    createInterface({ input: stream, crlfDelay: Infinity }).on('line', (line) => {
      this.file.write(`${line}\n`);
      const { text, worthShowing } = describeLogLine(line, isError);
      this.last.push(text);
      if (this.last.length > KEPT_LINES) this.last.shift();
      if (worthShowing) this.say(`${this.name}: ${text}`);
    });
  }

  /** The last lines of the present or the last run. */
  lastLines(): readonly string[] {
    return this.last;
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.file.end(resolve));
  }
}
