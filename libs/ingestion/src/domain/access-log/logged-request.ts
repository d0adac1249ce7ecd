import type { ByteRange } from '../counting/byte-union.js';

/** One request as the log of an origin server or a CDN tells it. What a log does not say is null. */
export interface LoggedRequest {
  /** As logged, UTC milliseconds since 1970. CDNs and nginx log the end of the response, which can be long after its start. */
  readonly occurredAtMs: number;
  /** The peer's address as text, for the memory of the importer alone: it is never stored, hashed without key, or logged. */
  readonly address: string | null;
  /** As sent; in capitals for every method there is. */
  readonly method: string;
  /** Lower case, without the ports 80 and 443. */
  readonly host: string | null;
  /** As requested, escapes and all, without the query. */
  readonly path: string;
  readonly query: string | null;
  /** 0 for the `000` of a viewer who left before any response. */
  readonly status: number | null;
  /** Bytes of the body, without response headers. */
  readonly bytesServed: number | null;
  /** The request's Range header. */
  readonly rangeAsked: string | null;
  /** The response's Content-Range, as announced: half-open, and the client may have left before its end. */
  readonly rangeServed: ByteRange | null;
  readonly userAgent: string | null;
  readonly referrer: string | null;
  /** The server's own id of the request. */
  readonly requestId: string | null;
}
