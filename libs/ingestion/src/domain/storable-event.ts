import type { CheckedEvent } from './checked-event.js';
import { MALFORMED_REFERRER } from './counted-request.js';
import type { ByteRange } from './counting/byte-union.js';
import { hash64 } from './hash-payload.js';
import type { KnownNetwork } from './known-network.js';
import { pageUrl } from './page-url.js';
import type { ListenerIds } from './listener-ids.js';

/** One row of `listener_events`, without its tenant. Dictionary texts travel along with their ids. */
export interface StorableEvent {
  readonly eventId: string;
  /** ISO 8601, UTC, milliseconds. */
  readonly occurredAt: string;
  readonly tooOld: boolean;
  /** Null for a request, told by a log, of something else than an episode. */
  readonly episodeId: string | null;
  readonly payloadHash: bigint;
  readonly userAgent: DictionaryEntry | null;
  readonly referrer: DictionaryEntry | null;
  /** Where its address belongs; null where nothing is known. */
  readonly network: KnownNetwork | null;
  /** Host and path of a request whose episode does not say them. */
  readonly path: DictionaryEntry | null;
  readonly ids: ListenerIds;
  readonly bytesSent: number | null;
  readonly placementId: string | null;
  /** The import of logs that the event came with. */
  readonly importId: string | null;
  readonly positionMs: number | null;
  /** Position of an HLS segment, and its length in milliseconds; -1 for a playlist. */
  readonly segment: number | null;
  readonly segmentMs: number | null;
  readonly status: number | null;
  readonly trustedSender: boolean;
  readonly eventType: string;
  readonly method: string | null;
  readonly byteRange: string | null;
  /** The Content-Range that was announced. */
  readonly servedRange: ByteRange | null;
  readonly sessionId: string | null;
  readonly eventData: string | null;
  /** About how much memory the event takes while it waits. */
  readonly weight: number;
}

export interface DictionaryEntry {
  readonly id: bigint;
  readonly value: string;
}

/** Who sent the event, as far as it may be believed. */
export interface Sender {
  readonly trusted: boolean;
  readonly userAgent: DictionaryEntry | null;
  readonly referrer: DictionaryEntry | null;
  readonly network: KnownNetwork | null;
}

/** Puts a checked event, its sender and the listener's ids into the form that is stored. */
export function storableEvent(event: CheckedEvent, sender: Sender, ids: ListenerIds): StorableEvent {
  const { input } = event;
  const isDownload = input.type === 'download_request';
  const eventData = input.data === undefined ? null : JSON.stringify(input.data);
  return {
    eventId: event.id,
    occurredAt: input.occurredAt,
    tooOld: event.tooOld,
    episodeId: input.episodeId,
    payloadHash: event.payloadHash,
    userAgent: sender.userAgent,
    referrer: sender.referrer,
    network: sender.network,
    path: null,
    // Windows and volume rules are about requests for the file; what players tell needs the audience ids alone.
    ids: isDownload ? ids : { ...ids, countToday: null, countYesterday: null, addressDay: null },
    bytesSent: input.request?.bytes ?? null,
    placementId: input.placementId ?? null,
    importId: null,
    positionMs: input.positionMs ?? null,
    segment: null,
    segmentMs: null,
    status: input.request?.status ?? null,
    trustedSender: sender.trusted,
    eventType: input.type,
    method: input.request?.method ?? null,
    byteRange: input.request?.range ?? null,
    servedRange: null,
    sessionId: input.sessionId ?? null,
    eventData,
    weight: 600 + (eventData?.length ?? 0),
  };
}

/** The same without the id by which events of one listening are told from others. */
export function withoutSession(event: StorableEvent): StorableEvent {
  return { ...event, sessionId: null };
}

/** A user agent as it is stored: one line of at most 512 characters. Undefined when nothing is left. */
export function cleanUserAgent(text: string | undefined): string | undefined {
  const clean = text
    ?.replace(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, 512)
    .toWellFormed();
  return clean === '' ? undefined : clean;
}

/**
 * A referrer as it is stored: origin and path. Queries and fragments can hold what identifies a person. One that is no
 * address of a page is kept as that fact alone. Cleaning twice changes nothing.
 */
export function cleanReferrer(text: string | undefined): string | undefined {
  if (text === undefined || text === '' || text === '-') return undefined;
  const url = pageUrl(text);
  return url === undefined ? MALFORMED_REFERRER : `${url.protocol}//${url.host}${url.pathname}`.slice(0, 512);
}

/** The entry of a text that was cleaned; null for none. */
export function dictionaryEntry(value: string | undefined): DictionaryEntry | null {
  return value === undefined ? null : { id: hash64(value), value };
}

/** Characters of a path that are stored. One that is as long may have been longer. */
export const MAX_PATH_LENGTH = 1_024;

/** The entry of what was asked for: host and path. */
export function pathEntry(mediaKey: string): DictionaryEntry | null {
  return dictionaryEntry(mediaKey.slice(0, MAX_PATH_LENGTH).toWellFormed());
}
