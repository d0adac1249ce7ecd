import { setTimeout as sleep } from 'node:timers/promises';
import { judgeAnswer, type BatchAnswer } from './judge-answer.js';
import type { Ledger } from './ledger.js';
import { SeededRandom } from './seeded-random.js';
import type { Batch, Stream } from './stream.js';
import type { Violations } from './violations.js';

export interface TrafficOptions {
  readonly streams: readonly Stream[];
  readonly origins: readonly string[];
  readonly ledger: Ledger;
  readonly violations: Violations;
  readonly seed: number;
  /** The latest moment, after a request was sent, at which its answer is in time. */
  readonly answerWithinMs: number;
}

const SENDERS_PER_STREAM = 2;
const PAUSE_MS = 150;
const BATCH = { smallest: 1, largest: 30 } as const;
/** Retry-After is believed up to here: a drill has not the patience of a client. */
const LONGEST_WAIT_MS = 2_000;
const NO_CONNECTION_MS = 100;

/** Senders that go on until every event has a final answer, whatever happens to the API. */
export class Traffic {
  /** Answers by status; `none` is a connection that was refused or broken. */
  readonly answers = new Map<string, number>();
  /** When each API last answered 200, in milliseconds since 1970. */
  readonly lastOk = new Map<string, number>();
  /** The slowest answer in milliseconds. */
  slowest = 0;
  sentEvents = 0;
  private fresh = true;
  private stopped = false;
  private senders: Promise<void>[] = [];

  constructor(private readonly options: TrafficOptions) {}

  start(): void {
    const { streams, seed } = this.options;
    this.senders = streams.flatMap((stream, index) =>
      Array.from({ length: SENDERS_PER_STREAM }, (_, sender) =>
        this.send(stream, new SeededRandom(seed, `sender ${index} ${sender}`)),
      ),
    );
  }

  /** Makes no new events, sends the rest until each has its answer, and returns how many have none after `ms`. */
  async finish(ms: number): Promise<number> {
    this.fresh = false;
    const open = () => this.options.streams.reduce((sum, stream) => sum + stream.open, 0);
    for (const deadline = Date.now() + ms; open() > 0 && Date.now() < deadline;) await sleep(50);
    this.stopped = true;
    await Promise.all(this.senders);
    return open();
  }

  private async send(stream: Stream, random: SeededRandom): Promise<void> {
    while (!this.stopped) {
      const batch = stream.take(random.integer(BATCH.smallest, BATCH.largest), this.fresh);
      const pause = batch === undefined ? PAUSE_MS : await this.deliver(stream, batch, random);
      await sleep(pause);
    }
  }

  /** Sends a batch once and returns for how long to wait before the next. */
  private async deliver(stream: Stream, batch: Batch, random: SeededRandom): Promise<number> {
    const origin = random.pick(this.options.origins);
    const answer = await this.post(origin, stream.key, batch);
    this.answers.set(
      String(answer?.status ?? 'none'),
      (this.answers.get(String(answer?.status ?? 'none')) ?? 0) + 1,
    );
    if (answer === undefined) {
      stream.giveBack(batch);
      return NO_CONNECTION_MS;
    }
    if (answer.status === 200) this.lastOk.set(origin, Date.now());
    await this.options.ledger.append(judgeAnswer(batch.events, answer, this.options.violations));
    stream.giveBack(batch);
    const waitMs = answer.retryAfter === null ? PAUSE_MS : Number(answer.retryAfter) * 1_000;
    return Math.min(waitMs || PAUSE_MS, LONGEST_WAIT_MS);
  }

  private async post(origin: string, key: string, batch: Batch): Promise<BatchAnswer | undefined> {
    const { answerWithinMs, violations } = this.options;
    const started = performance.now();
    this.sentEvents += batch.events.length;
    try {
      const response = await fetch(`${origin}/v1/events/batch`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ events: batch.events.map(({ body }) => body) }),
        signal: AbortSignal.timeout(answerWithinMs + 5_000),
      });
      const text = await response.text();
      const { status } = response;
      return { status, retryAfter: response.headers.get('retry-after'), body: JSON.parse(text) as unknown };
    } catch {
      return undefined;
    } finally {
      const elapsed = performance.now() - started;
      this.slowest = Math.max(this.slowest, elapsed);
      if (elapsed > answerWithinMs) violations.add('I7', `an answer took ${Math.round(elapsed)} ms`);
    }
  }
}
