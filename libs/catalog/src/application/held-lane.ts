import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RolePool } from '@lib/database';
import { HostBusy } from '../domain/feed.errors.js';
import { claimFeedLane, feedLaneOf, feedLaneWaitMs, freeFeedLane } from '../infrastructure/feed-lanes.sql.js';
import { POLL_LEASE_SECONDS } from './feed-poller.js';

/** Less than a request may take. */
const PATIENCE_MS = 10_000;
/** Between two looks at a lane whose holder may need any time. */
const LOOK_MS = 500;

/** The lane of hosts that one poll holds: one at a time, so that no two polls can wait for each other in a circle. */
export class HeldLane {
  private readonly holder = randomUUID();
  private lane: string | undefined;

  /**
   * @param gapMs pause before another may take a lane that was left
   * @param patienceMs how long to wait for the lane of a host that the poll was sent on to
   */
  constructor(
    private readonly pool: RolePool,
    private readonly gapMs: number,
    private readonly patienceMs = PATIENCE_MS,
  ) {}

  /** Takes a lane, if it is free, and returns 0; otherwise the milliseconds after which it should be. */
  async tryTake(lane: string): Promise<number> {
    const waitMs = await this.pool.transaction(async (sql) => {
      const isTaken = await claimFeedLane(sql, lane, this.holder, POLL_LEASE_SECONDS);
      return isTaken ? 0 : Math.max(1, await feedLaneWaitMs(sql, lane));
    });
    if (waitMs === 0) this.lane = lane;
    return waitMs;
  }

  /**
   * Makes sure of the lane of a host, and leaves the one that was held for it.
   * @throws HostBusy when its turn has not come in time; then no lane is held
   */
  async moveTo(host: string): Promise<void> {
    const lane = await this.pool.transaction((sql) => feedLaneOf(sql, host));
    if (lane === this.lane) return;
    await this.release();
    const latest = performance.now() + this.patienceMs;
    for (let waitMs = await this.tryTake(lane); waitMs > 0; waitMs = await this.tryTake(lane)) {
      if (performance.now() > latest) throw new HostBusy();
      await sleep(Math.min(waitMs, LOOK_MS));
    }
  }

  /** Leaves the lane, if one is held. It is free for others after `gapMs`. */
  async release(gapMs = this.gapMs): Promise<void> {
    const { lane } = this;
    if (lane === undefined) return;
    this.lane = undefined;
    await this.pool.transaction((sql) => freeFeedLane(sql, lane, this.holder, gapMs));
  }
}
