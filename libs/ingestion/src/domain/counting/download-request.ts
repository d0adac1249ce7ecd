import type { ByteRange } from './byte-union.js';
import type { AddressListing, NetworkClass } from './counting-rules.js';

/**
 * Where a request is known from. `origin_bytes`: a log of the server that sent the file, with bytes. `prefix_only`: our
 * redirect, which sees that a file was asked for and nothing of what followed. The two are counted apart.
 */
export type RequestEvidence = 'origin_bytes' | 'prefix_only';

/** What the user agent is. The last five, and `none` for no agent at all, do not count (PTMG v2.3 §5.5.2). */
export type AgentClass =
  | 'app'
  | 'browser'
  | 'library'
  | 'unknown'
  | 'none'
  | 'malformed'
  | 'apple_watch'
  | 'bot_agent'
  | 'bot_library'
  | 'bot_generic';

/** A file of an HLS stream. `position` counts segments from the start; renditions of one position are one segment. */
export type HlsFile =
  | { readonly kind: 'playlist' }
  | { readonly kind: 'segment'; readonly position: number; readonly durationMs: number };

/**
 * One request for a file, with everything that lists and classifiers have decided about it. Keys and ids are opaque and
 * hold no NUL, as no text in PostgreSQL does.
 */
export interface DownloadRequest {
  /**
   * Identity, together with the time: an entry with both alike is the same request delivered again, and says the same,
   * because the store refuses an id that comes back with other content.
   */
  readonly id: string;
  /** UTC, milliseconds since 1970. */
  readonly occurredAtMs: number;
  readonly evidence: RequestEvidence;
  /** In capitals, as sent. */
  readonly method: string;
  /** 0 where a CDN logs `000`; null where there is none. Not looked at when `prefix_only`. */
  readonly status: number | null;
  /** Bytes of the body, without response headers. */
  readonly bytesServed: number | null;
  /** The request's Range header. */
  readonly rangeAsked: string | null;
  /** The response's Content-Range, as announced: a client that leaves early gets less. */
  readonly rangeServed: ByteRange | null;
  readonly hls: HlsFile | null;
  /** Key of address (IPv4 or IPv6 /64) and user agent (IAB-21, IAB-23). Null where the address or its key is missing. */
  readonly listener: string | null;
  /** Key of the address alone, which changes with the UTC day. */
  readonly address: string | null;
  readonly episode: string | null;
  readonly agent: AgentClass;
  readonly network: NetworkClass;
  /** The list that names the address: `included` lifts the limits on volume and breadth (IAB-14), `excluded` filters (IAB-24). */
  readonly addressList: AddressListing | null;
  /** The Referer is malformed or on a deny list (IAB-09). None at all is normal. */
  readonly badReferrer: boolean;
}

/** What is known about an episode's file. Null: not measured. */
export interface EpisodeSizes {
  readonly fileBytes: number | null;
  /** Bytes before the content (ID3 and the like). */
  readonly headerBytes: number | null;
  readonly durationSeconds: number | null;
}
