import type { TenantId } from '@lib/primitives';
import { DAY_MS } from '@lib/primitives';
import type { LocatedFile } from '../../domain/access-log/locate-episodes.js';
import { hashReceipt, type Receipt } from '../../domain/receipt.js';
import { dictionaryEntry, type StorableEvent } from '../../domain/storable-event.js';
import type { Outcome } from '../commit-events.js';
import type { GroupCommit } from '../group-commit.js';
import type { EpisodeFiles } from './episode-files.js';

/**
 * Stores requests to the redirect as download requests of evidence `prefix_only`: no bytes, no status, and the sender is
 * not one that is believed. A request for something else than an episode is stored with its path, and never counts.
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
    const events: StorableEvent[] = [];
    for (const receipt of receipts) {
      const file = await this.episodes.locate(tenantId, receipt.targetId, receipt.mediaKey);
      events.push(this.toEvent(receipt, file));
    }
    return this.commits.submit(tenantId, events, since);
  }

  private toEvent(receipt: Receipt, file: LocatedFile | undefined): StorableEvent {
    return {
      eventId: receipt.id,
      occurredAt: receipt.occurredAt,
      tooOld: Date.parse(receipt.occurredAt) <= Date.now() - this.acceptanceDays * DAY_MS,
      episodeId: file?.episodeId ?? null,
      path: file === undefined ? dictionaryEntry(receipt.mediaKey) : null,
      payloadHash: hashReceipt(receipt),
      userAgent: dictionaryEntry(receipt.userAgent ?? undefined),
      referrer: dictionaryEntry(receipt.referrer ?? undefined),
      ids: receipt.ids,
      network: receipt.network,
      bytesSent: null,
      placementId: null,
      importId: null,
      positionMs: null,
      status: null,
      trustedSender: false,
      eventType: 'download_request',
      method: receipt.method,
      byteRange: receipt.range,
      servedRange: null,
      ...segmentOf(file),
      sessionId: receipt.sessionId,
      eventData: null,
      weight: 600,
    };
  }
}

function segmentOf(file: LocatedFile | undefined): Pick<StorableEvent, 'segment' | 'segmentMs'> {
  const hls = file?.hls ?? null;
  if (hls === null) return { segment: null, segmentMs: null };
  return hls.kind === 'playlist'
    ? { segment: -1, segmentMs: null }
    : { segment: hls.position, segmentMs: hls.durationMs };
}
