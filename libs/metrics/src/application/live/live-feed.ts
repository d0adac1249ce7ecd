import { setTimeout as sleep } from 'node:timers/promises';
import type { LiveSnapshot } from './live-totals.js';

/** Who is told of new snapshots. */
export interface LiveListener {
  /** A newer snapshot; one that it has is not told again. Must not wait for anything. */
  offer(snapshot: LiveSnapshot): void;
}

/** Numbers become visible about once a second, so a look twice a second shows each soon enough. */
const POLL_MS = 500;

/**
 * Looks at one tenant's numbers on behalf of everybody who listens in this process: one short transaction every half
 * second, and none while nobody listens.
 */
export class LiveFeed {
  private readonly listeners = new Set<LiveListener>();
  private latest: LiveSnapshot | undefined;
  private looking: Promise<LiveSnapshot> | undefined;
  private watches = false;

  /**
   * @param read the snapshot of now, or its argument when nothing has changed since
   * @param onError told when a look fails; the next one tries again
   */
  constructor(
    private readonly read: (last: LiveSnapshot | undefined) => Promise<LiveSnapshot>,
    private readonly onError: (error: unknown) => void,
  ) {}

  get size(): number {
    return this.listeners.size;
  }

  add(listener: LiveListener): void {
    this.listeners.add(listener);
    void this.watch();
  }

  /** Whether it had listened. */
  remove(listener: LiveListener): boolean {
    return this.listeners.delete(listener);
  }

  /** Looks now, together with whoever is looking, and tells everyone what is new. */
  look(): Promise<LiveSnapshot> {
    this.looking ??= this.lookOnce().finally(() => (this.looking = undefined));
    return this.looking;
  }

  private async lookOnce(): Promise<LiveSnapshot> {
    this.latest = await this.read(this.latest);
    for (const listener of this.listeners) listener.offer(this.latest);
    return this.latest;
  }

  private async watch(): Promise<void> {
    if (this.watches) return;
    this.watches = true;
    while (this.listeners.size > 0) {
      await sleep(POLL_MS, undefined, { ref: false });
      if (this.listeners.size > 0) await this.look().catch(this.onError);
    }
    this.watches = false;
  }
}
