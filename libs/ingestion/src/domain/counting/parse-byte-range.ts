import type { ByteRange } from './byte-union.js';

/** One part of what a client asked for: a stretch of the file, or its last bytes. */
export type AskedRange = ByteRange | { readonly lastBytes: number };

/**
 * Reads a `Range` header (RFC 9110 §14.1-14.2): unit `bytes`, `first-last` with first ≤ last, `first-`, `-n` with n > 0,
 * and lists of these, in which empty elements are allowed.
 * @returns the parts in the order asked, `to` being Infinity where the end is open; undefined for a header that is
 *   absent or malformed. A server may ignore such a header, so the request is judged by what was served.
 */
export function parseByteRange(header: string | null): AskedRange[] | undefined {
  if (header === null) return undefined;
  const equals = header.indexOf('=');
  // Range units are case-insensitive (RFC 9110 §14.1).
  if (equals < 0 || header.slice(0, equals).toLowerCase() !== 'bytes') return undefined;
  const parts: AskedRange[] = [];
  for (const element of header.slice(equals + 1).split(',')) {
    const text = trimBlanks(element);
    if (text === '') continue;
    const part = parsePart(text);
    if (part === undefined) return undefined;
    parts.push(part);
  }
  return parts.length === 0 ? undefined : parts;
}

function parsePart(text: string): AskedRange | undefined {
  const [, first = '', last = ''] = /^(\d*)-(\d*)$/.exec(text) ?? [];
  if (first === '') return Number(last) > 0 ? { lastBytes: Number(last) } : undefined;
  if (last === '') return { from: Number(first), to: Infinity };
  return Number(first) <= Number(last) ? { from: Number(first), to: Number(last) + 1 } : undefined;
}

/** HTTP allows spaces and tabs around the elements of a list, and nothing else. */
function trimBlanks(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isBlank(text[from])) from += 1;
  while (to > from && isBlank(text[to - 1])) to -= 1;
  return text.slice(from, to);
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}
