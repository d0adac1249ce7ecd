import type { KnownNetwork } from '../known-network.js';
import type { ListenerIds } from '../listener-ids.js';
import { pathEntry, type DictionaryEntry, type StorableEvent } from '../storable-event.js';
import { storedSegment } from '../stored-segment.js';
import { hashRequest } from './hash-request.js';
import type { LocatedFile } from './locate-episodes.js';
import type { LoggedRequest } from './logged-request.js';

/** What an importer has found out about a logged request. */
export interface LoggedEventParts {
  readonly eventId: string;
  readonly importId: string;
  /** Undefined for a request of something else than an episode. */
  readonly located: LocatedFile | undefined;
  /** Host and path that it asked for, as episodes name theirs. */
  readonly mediaKey: string;
  readonly userAgent: DictionaryEntry | null;
  readonly referrer: DictionaryEntry | null;
  readonly ids: ListenerIds;
  readonly network: KnownNetwork | null;
}

/** The row that a logged request becomes. A log that does not say how much was served proves nothing served. */
export function loggedEvent(request: LoggedRequest, parts: LoggedEventParts): StorableEvent {
  const { located, mediaKey, eventId, importId, userAgent, referrer, ids, network } = parts;
  return {
    eventId,
    occurredAt: new Date(request.occurredAtMs).toISOString(),
    tooOld: false,
    episodeId: located?.episodeId ?? null,
    payloadHash: hashRequest(request),
    userAgent,
    referrer,
    network,
    path: located ? null : pathEntry(mediaKey),
    ids,
    bytesSent: request.bytesServed ?? 0,
    placementId: null,
    importId,
    positionMs: null,
    ...storedSegment(located?.hls ?? null),
    status: request.status,
    trustedSender: true,
    eventType: 'download_request',
    method: request.method,
    byteRange: request.rangeAsked,
    servedRange: request.rangeServed,
    sessionId: null,
    eventData: null,
    weight: 600,
  };
}
