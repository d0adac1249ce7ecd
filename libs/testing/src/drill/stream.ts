import type { EventSource } from './event-source.js';
import type { SeededRandom } from './seeded-random.js';
import { sentKey, type SentEvent } from './sent-event.js';

/** Part of what is sent that was sent before, on purpose. */
const REPEATS = 0.2;
/** Part of the events whose identity another tenant uses too. */
const TWINS = 0.02;
const RECENT = 3_000;

/** What one request carries. `own` is what its sender has to bring to an end; the rest are repeats. */
export interface Batch {
  readonly own: readonly SentEvent[];
  /** In the order of the request. */
  readonly events: readonly SentEvent[];
}

/**
 * What one key sends. Several senders share it: an event that got no answer goes back to all of them, so batches are
 * split, merged and mixed anew with every try.
 */
export class Stream {
  /** Every event that must end up stored, by identity. */
  readonly sent = new Map<string, SentEvent>();
  /** Uses identities of this stream for events of another tenant. */
  neighbour: Stream | undefined;
  private readonly recent: SentEvent[] = [];
  private readonly unanswered = new Set<SentEvent>();
  private readonly pending: SentEvent[] = [];

  constructor(
    readonly key: string,
    private readonly source: EventSource,
    private readonly random: SeededRandom,
  ) {}

  /** The next batch; undefined when there is nothing to send. `fresh`: new events may be made. */
  take(size: number, fresh: boolean): Batch | undefined {
    const tried = this.pending.splice(0, size);
    const own = fresh ? [...tried, ...this.make(size - tried.length)] : tried;
    if (own.length === 0) return undefined;
    return { own, events: this.random.shuffle([...own, ...this.repeats(own.length)]) };
  }

  /** Takes back a batch that was sent, with whatever answers its events have got. */
  giveBack({ own, events }: Batch): void {
    for (const event of events) if (event.final) this.unanswered.delete(event);
    this.pending.push(...own.filter((event) => !event.final));
  }

  /** How many events still wait for a final answer. */
  get open(): number {
    return this.unanswered.size;
  }

  private make(size: number): SentEvent[] {
    const events = this.source.batch(size);
    for (const event of events) {
      this.note(event);
      if (event.expected === 'stored' && this.random.chance(TWINS)) this.neighbour?.adopt(event);
    }
    return events;
  }

  private adopt(event: SentEvent): void {
    const twin = this.source.twin(event);
    this.note(twin);
    this.pending.push(twin);
  }

  private note(event: SentEvent): void {
    this.unanswered.add(event);
    if (event.expected !== 'stored') return;
    this.sent.set(sentKey(event), event);
    if (this.recent.length < RECENT) this.recent.push(event);
    else this.recent[this.random.integer(0, RECENT - 1)] = event;
  }

  private repeats(size: number): SentEvent[] {
    const known = this.recent.filter((event) => event.final);
    const repeats = Array.from({ length: Math.ceil(size * REPEATS) }, () => this.random.pick(this.recent));
    if (known.length > 0 && this.random.chance(0.3))
      repeats.push(this.source.contradiction(this.random.pick(known)));
    return repeats;
  }
}
