import type { LocatedFile } from './access-log/locate-episodes.js';
import { hashReceipt, type Receipt } from './receipt.js';
import { dictionaryEntry, pathEntry, type StorableEvent } from './storable-event.js';
import { storedSegment } from './stored-segment.js';

/**
 * The row that a request to the redirect becomes: a download request of evidence `prefix_only`, without bytes and status,
 * of a sender that is not believed.
 * @param located undefined for a request of something else than an episode
 * @param tooOld whether it lies before the acceptance window by now
 */
export function receiptEvent(
  receipt: Receipt,
  located: LocatedFile | undefined,
  tooOld: boolean,
): StorableEvent {
  return {
    eventId: receipt.id,
    occurredAt: receipt.occurredAt,
    tooOld,
    episodeId: located?.episodeId ?? null,
    payloadHash: hashReceipt(receipt),
    userAgent: dictionaryEntry(receipt.userAgent ?? undefined),
    referrer: dictionaryEntry(receipt.referrer ?? undefined),
    path: located ? null : pathEntry(receipt.mediaKey),
    network: receipt.network,
    ids: receipt.ids,
    bytesSent: null,
    placementId: null,
    importId: null,
    positionMs: null,
    ...storedSegment(located?.hls ?? null),
    status: null,
    trustedSender: false,
    eventType: 'download_request',
    method: receipt.method,
    byteRange: receipt.range,
    servedRange: null,
    sessionId: receipt.sessionId,
    eventData: null,
    weight: 600,
  };
}
