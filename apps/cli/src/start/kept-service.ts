import { setTimeout as sleep } from 'node:timers/promises';

/** One run of a service, from its start to its end. */
export interface RunningService {
  /** Resolves with how it ended, in words, whatever ended it. Never rejects. */
  readonly ended: Promise<string>;
  /** Asks it to end in order and resolves when it is gone. */
  stop(): Promise<void>;
  /** Ends it at once, and resolves when it is gone. */
  kill(): Promise<void>;
}

/** Something that is to run for as long as the installation does. */
export interface Service {
  readonly name: string;
  start(): Promise<RunningService>;
  /** The last lines that it wrote, for the message when it cannot be kept running. */
  lastLines(): readonly string[];
}

/** A run shorter than this counts as a failure to start. */
const QUICK_MS = 30_000;
const MAX_QUICK_ENDS = 5;
const FIRST_PAUSE_MS = 500;

/**
 * Keeps one service running: starts it again when it ends by itself, after a pause that doubles. After five ends in a
 * row that came quickly it gives up, and `gaveUp` says why.
 */
export class KeptService {
  /** Resolves, when there is no point in trying again, with the reason and the last lines of the service. */
  readonly gaveUp: Promise<string>;
  private giveUp!: (reason: string) => void;
  /** The run that is starting or has started. */
  private present: Promise<RunningService> | undefined;
  private keeping: Promise<void> | undefined;
  private readonly stopping = new AbortController();
  private restarting = false;

  constructor(
    private readonly service: Service,
    private readonly say: (line: string) => void,
    /** Shortened by tests. */
    private readonly firstPauseMs = FIRST_PAUSE_MS,
  ) {
    this.gaveUp = new Promise((resolve) => (this.giveUp = resolve));
  }

  /** The first start. A service that cannot be started at all says so here, at once. */
  async begin(): Promise<void> {
    const startedAt = Date.now();
    this.present = this.service.start();
    await this.present;
    this.keeping = this.keep(startedAt);
  }

  /** Ends the service, when it is only starting too, and keeps it ended. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await (await this.presentRun())?.stop();
    await this.keeping;
  }

  /** Ends the service at once. */
  async kill(): Promise<void> {
    this.stopping.abort();
    await (await this.presentRun())?.kill();
  }

  /** Ends the present run and begins another, without counting that as a failure. */
  async restart(): Promise<void> {
    this.restarting = true;
    await (await this.presentRun())?.stop();
  }

  private async keep(startedAt: number): Promise<void> {
    for (let quickEnds = 0; ; startedAt = Date.now()) {
      const how = await this.run();
      if (this.stopping.signal.aborted) return;
      if (this.restarting) {
        this.restarting = false;
        continue;
      }
      quickEnds = Date.now() - startedAt < QUICK_MS ? quickEnds + 1 : 1;
      if (quickEnds >= MAX_QUICK_ENDS) {
        this.giveUp(this.describeFailure(how));
        return;
      }
      const pauseMs = this.firstPauseMs * 2 ** (quickEnds - 1);
      this.say(`${this.service.name} ${how}; starting it again in ${pauseMs / 1000} s`);
      await sleep(pauseMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
  }

  /** Waits for the end of the present run, or of a new one. Says how it ended. */
  private async run(): Promise<string> {
    if (this.stopping.signal.aborted) return 'was stopped';
    try {
      this.present ??= this.service.start();
      return await (
        await this.present
      ).ended;
    } catch (error) {
      return `could not be started: ${(error as Error).message}`;
    } finally {
      this.present = undefined;
    }
  }

  private async presentRun(): Promise<RunningService | undefined> {
    // A start that fails has left nothing to end.
    return this.present?.catch(() => undefined);
  }

  private describeFailure(how: string): string {
    const lines = this.service.lastLines().map((line) => `  ${line}`);
    return [`${this.service.name} ${how}, ${MAX_QUICK_ENDS} times in a row.`, ...lines].join('\n');
  }
}
