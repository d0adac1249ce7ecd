import { setTimeout as sleep } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import PQueue from 'p-queue';

/** Requests at once, to all hosts together. */
const CONCURRENCY = 4;

/** Hosts that are remembered beyond their last request. */
const CAPACITY = 10_000;

interface Lane {
  readonly queue: PQueue;
  /** When the next request may begin, on the clock of `performance.now()`. */
  freeAt: number;
}

/**
 * Sends requests to other people's servers with manners: one at a time to each host, a pause after each, and only a few
 * at once in all. Holds within this process.
 */
export class HostLanes {
  private readonly total = new PQueue({ concurrency: CONCURRENCY });
  private readonly lanes = new LRUCache<string, Lane>({ max: CAPACITY });

  /** @param gapMs pause between the end of one request to a host and the beginning of the next */
  constructor(private readonly gapMs: number) {}

  /**
   * Does `request` when its lane is free. Undefined, and not done, when that would be later than `latest`, a time of
   * `performance.now()`.
   */
  run<T>(lane: string, latest: number, request: () => Promise<T>): Promise<T | undefined> {
    const { queue } = this.laneOf(lane);
    return queue.add(() => this.next(this.laneOf(lane), latest, request));
  }

  private async next<T>(lane: Lane, latest: number, request: () => Promise<T>): Promise<T | undefined> {
    if (Math.max(lane.freeAt, performance.now()) > latest) return undefined;
    const wait = lane.freeAt - performance.now();
    if (wait > 0) await sleep(wait, undefined, { ref: false });
    return this.total.add(async () => {
      if (performance.now() > latest) return undefined;
      try {
        return await request();
      } finally {
        lane.freeAt = performance.now() + this.gapMs;
      }
    });
  }

  private laneOf(name: string): Lane {
    const known = this.lanes.get(name);
    if (known !== undefined) return known;
    const lane = { queue: new PQueue({ concurrency: 1 }), freeAt: 0 };
    this.lanes.set(name, lane);
    return lane;
  }
}
