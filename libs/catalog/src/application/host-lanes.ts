import { setTimeout as sleep } from 'node:timers/promises';
import type { RolePool } from '@lib/database';
import { LRUCache } from 'lru-cache';
import PQueue from 'p-queue';
import type { PollOutcome } from './feed-poller.js';
import { HeldLane } from './held-lane.js';

/** Requests at once, to all hosts together. */
const CONCURRENCY = 4;

/** Hosts whose feeds this process keeps in a row; the database keeps the others apart all the same. */
const CAPACITY = 10_000;

/** A poll. It says which host it is about to ask, and waits until it may. */
type Poll = (enterHost: (host: string) => Promise<void>) => Promise<PollOutcome>;

/** What became of an attempt: the poll ended, or the lane is not free for so long. */
type Attempt = { readonly outcome: PollOutcome } | { readonly waitMs: number };

/**
 * Polls other people's servers with manners: one feed at a time of each host, a pause after each, over all workers of the
 * database; and only a few at once in this process. Who polls holds the host's lane, a row that frees itself when its
 * holder dies; no transaction is open meanwhile. A poll that is sent on to another host leaves the first one's lane for
 * the other's. Imports that somebody asks for are no polls: they wait for nobody.
 */
export class HostLanes {
  private readonly total = new PQueue({ concurrency: CONCURRENCY });
  private readonly queues = new LRUCache<string, PQueue>({ max: CAPACITY });

  /** @param gapMs pause between the end of one poll of a host and the beginning of the next */
  constructor(
    private readonly pool: RolePool,
    private readonly gapMs: number,
  ) {}

  /**
   * Polls when the lane is free. Undefined, and not polled, when that would be later than `latest`, a time of
   * `performance.now()`.
   * @throws what `poll` throws, and the database's error; within `poll`, entering a host throws HostBusy when its turn does
   *   not come in time
   */
  run(lane: string, latest: number, poll: Poll): Promise<PollOutcome | undefined> {
    return this.queueOf(lane).add(() => this.next(lane, latest, poll));
  }

  private async next(lane: string, latest: number, poll: Poll): Promise<PollOutcome | undefined> {
    while (performance.now() <= latest) {
      const attempt = await this.total.add(() => this.attempt(lane, latest, poll));
      if ('outcome' in attempt) return attempt.outcome;
      if (performance.now() + attempt.waitMs > latest) return undefined;
      await sleep(attempt.waitMs, undefined, { ref: false });
    }
    return undefined;
  }

  private async attempt(lane: string, latest: number, poll: Poll): Promise<Attempt> {
    // The queue of the process may have taken its time.
    if (performance.now() > latest) return { waitMs: Infinity };
    const held = new HeldLane(this.pool, this.gapMs);
    const waitMs = await held.tryTake(lane);
    if (waitMs > 0) return { waitMs };
    try {
      const outcome = await poll((host) => held.moveTo(host));
      // Another polled the feed before: its host was not asked again.
      if (outcome === 'taken') await held.release(0);
      return { outcome };
    } finally {
      await held.release();
    }
  }

  private queueOf(lane: string): PQueue {
    const known = this.queues.get(lane);
    if (known !== undefined) return known;
    const queue = new PQueue({ concurrency: 1 });
    this.queues.set(lane, queue);
    return queue;
  }
}
