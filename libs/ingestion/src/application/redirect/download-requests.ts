import { setTimeout as sleep } from 'node:timers/promises';
import { DAY_MS, type TenantId } from '@lib/primitives';
import type { LocatedFile } from '../../domain/access-log/locate-episodes.js';
import { receiptEvent } from '../../domain/receipt-event.js';
import type { Receipt } from '../../domain/receipt.js';
import type { StorableEvent } from '../../domain/storable-event.js';
import type { Outcome } from '../commit-events.js';
import { failureKind } from '../failure-kind.js';
import type { GroupCommit } from '../group-commit.js';
import type { EpisodeFiles } from './episode-files.js';

/** Between two tries to find out which episode a request was for. */
const PAUSE_MS = 100;

export interface DownloadRequestLimits {
  readonly acceptanceDays: number;
  /** For how long after a request came it is tried to find out which episode it was for. */
  readonly locateMs: number;
}

/**
 * Stores requests to the redirect with the episodes that they belong to. One for something else than an episode is
 * stored with its path, and never counts.
 */
export class DownloadRequests {
  constructor(
    private readonly commits: GroupCommit,
    private readonly episodes: EpisodeFiles,
    private readonly limits: DownloadRequestLimits,
  ) {}

  /**
   * Outcomes run parallel to `receipts`, which are one tenant's. Safe to repeat.
   * @param since when the first of them came in, in milliseconds since 1970: the deadline runs from then
   * @throws while nothing is known to be stored
   */
  async store(tenantId: TenantId, receipts: readonly Receipt[], since: number): Promise<Outcome[]> {
    const oldest = Date.now() - this.limits.acceptanceDays * DAY_MS;
    const events: StorableEvent[] = [];
    for (const receipt of receipts) {
      const located = await this.locate(tenantId, receipt, since + this.limits.locateMs);
      events.push(receiptEvent(receipt, located, Date.parse(receipt.occurredAt) <= oldest));
    }
    return this.commits.submit(tenantId, events, since);
  }

  /** Tries again while waiting can help, as a commit does: one broken connection must cost nothing. */
  private async locate(
    tenantId: TenantId,
    { targetId, mediaKey }: Receipt,
    deadline: number,
  ): Promise<LocatedFile | undefined> {
    for (;;) {
      try {
        return await this.episodes.locate(tenantId, targetId, mediaKey);
      } catch (error) {
        if (failureKind(error) !== 'passing' || Date.now() + PAUSE_MS > deadline) throw error;
        await sleep(PAUSE_MS);
      }
    }
  }
}
