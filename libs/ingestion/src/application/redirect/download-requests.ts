import { DAY_MS, type TenantId } from '@lib/primitives';
import { receiptEvent } from '../../domain/receipt-event.js';
import type { Receipt } from '../../domain/receipt.js';
import type { StorableEvent } from '../../domain/storable-event.js';
import type { Outcome } from '../commit-events.js';
import type { GroupCommit } from '../group-commit.js';
import type { EpisodeFiles } from './episode-files.js';

/**
 * Stores requests to the redirect with the episodes that they belong to. One for something else than an episode is
 * stored with its path, and never counts.
 */
export class DownloadRequests {
  constructor(
    private readonly commits: GroupCommit,
    private readonly episodes: EpisodeFiles,
    private readonly acceptanceDays: number,
  ) {}

  /**
   * Outcomes run parallel to `receipts`, which are one tenant's. Safe to repeat.
   * @param since when the first of them came in, in milliseconds since 1970: the deadline runs from then
   * @throws while nothing is known to be stored
   */
  async store(tenantId: TenantId, receipts: readonly Receipt[], since: number): Promise<Outcome[]> {
    const oldest = Date.now() - this.acceptanceDays * DAY_MS;
    const events: StorableEvent[] = [];
    for (const receipt of receipts) {
      const located = await this.episodes.locate(tenantId, receipt.targetId, receipt.mediaKey);
      events.push(receiptEvent(receipt, located, Date.parse(receipt.occurredAt) <= oldest));
    }
    return this.commits.submit(tenantId, events, since);
  }
}
