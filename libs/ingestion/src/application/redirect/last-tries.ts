import { setTimeout as sleep } from 'node:timers/promises';
import type { RolePool } from '@lib/database';
import { withinTime } from '@lib/primitives';
import type { Receipt } from '../../domain/receipt.js';
import { answers } from '../../infrastructure/answers.sql.js';

/** For how long a receipt that nothing has taken is tried again. */
const TRY_MS = 10_000;
const PAUSE_MS = 100;
/** A database that takes longer for the least of all questions is taken for away. */
const ALIVE_MS = 2_000;
/** Receipts that are tried again at a time, at some 2 kB each. */
const MOST_RECEIPTS = 5_000;

/**
 * Tries again to store receipts that the spool did not take, while the database answers: then it is slow, not away, and
 * nothing need be lost. Bounded in time and in memory.
 */
export class LastTries {
  private receipts = 0;
  private asking: Promise<boolean> | undefined;

  /** @param store whether the receipt, sent in at a time in milliseconds since 1970, needs no further care */
  constructor(
    private readonly pool: RolePool,
    private readonly store: (receipt: Receipt, since: number) => Promise<boolean>,
  ) {}

  /** Whether the receipt was stored after all. Never throws. */
  async keep(receipt: Receipt): Promise<boolean> {
    if (this.receipts >= MOST_RECEIPTS) return false;
    this.receipts += 1;
    const end = Date.now() + TRY_MS;
    try {
      while (Date.now() < end && (await this.isAlive())) {
        if (await this.store(receipt, Date.now())) return true;
        await sleep(PAUSE_MS);
      }
      return false;
    } finally {
      this.receipts -= 1;
    }
  }

  /** Asks once for all that wait. */
  private isAlive(): Promise<boolean> {
    this.asking ??= withinTime(this.pool.transaction(answers), ALIVE_MS, () => new Error('late'))
      .catch(() => false)
      .finally(() => (this.asking = undefined));
    return this.asking;
  }
}
