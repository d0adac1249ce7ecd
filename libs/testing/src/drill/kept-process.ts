import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Violations } from './violations.js';

export interface KeptProcessOptions {
  readonly name: string;
  readonly command: string;
  readonly parameters: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly logFile: string;
  readonly violations: Violations;
}

const RESTART_MS = 500;
const STOP_MS = 15_000;

/**
 * A process that is started again whenever it is gone. One that ends without having been killed breaks a promise.
 * It ends with this process too, through its IPC channel where it listens to one.
 */
export class KeptProcess {
  private child: ChildProcess | undefined;
  private expected = false;
  private stopping = false;

  constructor(private readonly options: KeptProcessOptions) {}

  get name(): string {
    return this.options.name;
  }

  start(): void {
    const { command, parameters, environment, logFile } = this.options;
    const log = openSync(logFile, 'a');
    this.expected = false;
    const child = spawn(command, parameters, { env: environment, stdio: ['ignore', log, log, 'ipc'] });
    closeSync(log);
    this.child = child;
    child.once('error', (error) => void this.gone(child, `could not be run: ${error.message}`));
    child.once(
      'exit',
      (code, signal) => void this.gone(child, `ended with ${signal ?? `exit code ${code ?? '?'}`}`),
    );
  }

  /** SIGKILL; it is started again at once. */
  async kill(): Promise<void> {
    const { child } = this;
    if (child === undefined) return;
    this.expected = true;
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }

  /** Asks it to end with SIGTERM, and judges how it does. */
  async stop(): Promise<void> {
    const { child } = this;
    this.stopping = true;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
    clearTimeout(timer);
    if (code !== 0)
      this.options.violations.add('I8', `${this.name} answered SIGTERM with ${signal ?? code ?? '?'}`);
  }

  /** Ends it at once, for good. */
  end(): void {
    this.stopping = true;
    this.child?.kill('SIGKILL');
  }

  /** Lines of its log, of all its lives, that hold `text`. */
  async logLines(text: string): Promise<string[]> {
    const lines = (await readFile(this.options.logFile, 'utf8').catch(() => '')).split('\n');
    return lines.filter((line) => line.includes(text));
  }

  private async gone(child: ChildProcess, how: string): Promise<void> {
    if (this.stopping || child !== this.child) return;
    if (!this.expected) {
      const tail = (await this.logLines('')).slice(-12).join('\n').slice(-1_500);
      this.options.violations.add('I8', `${this.name} ${how}. Its last lines:\n${tail}`);
      await sleep(RESTART_MS);
    }
    this.start();
  }
}
