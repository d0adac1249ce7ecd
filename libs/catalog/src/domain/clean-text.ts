import { decodeEntities } from './decode-entities.js';

/** Show notes kept of an item, in bytes of UTF-8. */
const MAX_NOTES_BYTES = 64 * 1024;

/** Controls other than tab and line ends, the two non-characters that XML forbids, and lone surrogates. */
const UNSTORABLE =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g; // eslint-disable-line no-control-regex

/** The text without what PostgreSQL or XML refuse and without control characters, and how many went. */
export function removeUnstorable(text: string): { text: string; removed: number } {
  let removed = 0;
  const cleaned = text.replace(UNSTORABLE, () => {
    removed += 1;
    return '';
  });
  return { text: cleaned, removed };
}

/**
 * A title, name or category on one line: references that were escaped twice are decoded, white space becomes
 * single spaces, and the rest is cut after `maxLength` UTF-16 units, never inside a character.
 * @returns null when nothing is left
 */
export function cleanLine(text: string | null | undefined, maxLength: number): string | null {
  if (!text) return null;
  const line = decodeEntities(text.slice(0, maxLength * 8))
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, maxLength);
  return line.replace(/[\ud800-\udbff]$/, '').trimEnd() || null;
}

/** The first 64 KiB (UTF-8) of show notes, cut between characters, and whether anything was cut. */
export function cutNotes(text: string): { text: string; cut: boolean } {
  if (Buffer.byteLength(text) <= MAX_NOTES_BYTES) return { text, cut: false };
  const bytes = Buffer.from(text).subarray(0, MAX_NOTES_BYTES);
  // In streaming mode the decoder holds an unfinished character back instead of replacing it.
  return { text: new TextDecoder().decode(bytes, { stream: true }), cut: true };
}
