import type { ByteRange } from '../counting/byte-union.js';

/** Lists of hundreds of parts are attacks; without its place such an answer still counts by its bytes. */
const MAX_LENGTH = 1_000;

/**
 * A Range header as far as it may be kept. A field of another meaning that got into its column, such as an address, is
 * not kept: what does not look like a range has no effect on counting either.
 */
export function rangeHeader(text: string | null): string | null {
  if (text === null || text.length > MAX_LENGTH) return null;
  return /^[a-z]{1,20}=[\d\s,-]*$/i.test(text) ? text : null;
}

/** Reads a Content-Range header, `bytes 0-99/1234` (RFC 9110 §14.4). Null for none, or for one without a range. */
export function contentRange(text: string | null): ByteRange | null {
  const [, first, last] = /^bytes\s+(\d{1,15})-(\d{1,15})\//i.exec(text ?? '') ?? [];
  return byteRange(first ?? null, last ?? null);
}

/** The range from its first byte to its last, both included and written in decimal. Null where either is missing. */
export function byteRange(first: string | null, last: string | null): ByteRange | null {
  if (first === null || last === null || !/^\d{1,15}$/.test(first) || !/^\d{1,15}$/.test(last)) return null;
  return Number(first) <= Number(last) ? { from: Number(first), to: Number(last) + 1 } : null;
}
