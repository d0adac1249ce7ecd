import type { CheckedEvent } from './checked-event.js';
import { MALFORMED_REFERRER } from './counted-request.js';
import { hash64 } from './hash-payload.js';
import type { ListenerIds } from './listener-ids.js';

/** One row of `listener_events`, without its tenant. Dictionary texts travel along with their ids. */
export interface StorableEvent {
  readonly eventId: string;
  /** ISO 8601, UTC, milliseconds. */
  readonly occurredAt: string;
  readonly tooOld: boolean;
  /** Null for a request of something else than an episode: it is kept, and never counts. */
  readonly episodeId: string | null;
  /** What was asked for, where the episode does not say it. */
  readonly path: DictionaryEntry | null;
  readonly payloadHash: bigint;
  readonly userAgent: DictionaryEntry | null;
  readonly referrer: DictionaryEntry | null;
  readonly ids: ListenerIds;
  readonly bytesSent: number | null;
  readonly placementId: string | null;
  readonly positionMs: number | null;
  readonly status: number | null;
  readonly trustedSender: boolean;
  readonly eventType: string;
  readonly method: string | null;
  readonly byteRange: string | null;
  /** Position of an HLS segment, −1 for a playlist; null for any other file. */
  readonly segment: number | null;
  readonly segmentMs: number | null;
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
    path: null,
    payloadHash: event.payloadHash,
    userAgent: sender.userAgent,
    referrer: sender.referrer,
    // Windows and volume rules are about requests for the file; what players tell needs the audience ids alone.
    ids: isDownload ? ids : { ...ids, countToday: null, countYesterday: null, addressDay: null },
    bytesSent: input.request?.bytes ?? null,
    placementId: input.placementId ?? null,
    positionMs: input.positionMs ?? null,
    status: input.request?.status ?? null,
    trustedSender: sender.trusted,
    eventType: input.type,
    method: input.request?.method ?? null,
    byteRange: input.request?.range ?? null,
    segment: null,
    segmentMs: null,
    sessionId: input.sessionId ?? null,
    eventData,
    weight: 600 + (eventData?.length ?? 0),
  };
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
 * address is kept as that fact alone. Apps name themselves by schemes such as `android-app:`, which are addresses.
 */
export function cleanReferrer(text: string | undefined): string | undefined {
  if (text === undefined || text === '' || text === '-') return undefined;
  if (!URL.canParse(text)) return MALFORMED_REFERRER;
  const { protocol, host, pathname } = new URL(text);
  return `${protocol}//${host}${/^https?:$/.test(protocol) ? pathname : ''}`.slice(0, 512);
}

/** The entry of a text that was cleaned; null for none. */
export function dictionaryEntry(value: string | undefined): DictionaryEntry | null {
  return value === undefined ? null : { id: hash64(value), value };
}
