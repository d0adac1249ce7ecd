/**
 * About the most that the headers of a media response take. Taken off where a log counts them in and the response was
 * cut, so that such a response proves rather too little than too much.
 */
export const RESPONSE_HEADER_BYTES = 700;

/** What a log says of the size of a response. */
export interface SentResponse {
  readonly method: string;
  readonly status: number | null;
  /** Bytes sent, response headers included. */
  readonly sentBytes: number;
  /** The body's announced length; null where the log has none. */
  readonly contentLength: number | null;
  /** The log says that the client left before the end. */
  readonly wasCut: boolean;
}

/**
 * Bytes of the body in a log whose count includes the response headers. A response that sent at least as much as was
 * announced is complete, and its body is what was announced, unless the log says that it was cut.
 */
export function bodyBytes({ method, status, sentBytes, contentLength, wasCut }: SentResponse): number {
  if (method === 'HEAD' || status === 304 || status === 204) return 0;
  const estimate = Math.max(0, sentBytes - RESPONSE_HEADER_BYTES);
  if (contentLength === null) return estimate;
  return sentBytes >= contentLength && !wasCut ? contentLength : Math.min(estimate, contentLength);
}
