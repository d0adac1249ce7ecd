const PLAIN = /^\d{1,15}$/;
const GROUPED = /^\d{1,3}(?:([,. _'\u00a0])\d{3})(?:\1\d{3}){0,3}$/;

/**
 * Reads the `length` of an enclosure in bytes; groups of thousands may be set apart (`13,400,512`).
 * @returns 0 where the feed says 0, which means unknown; null when the text is no whole number of bytes.
 */
export function parseByteLength(text: string): number | null {
  const plain = text.trim();
  if (PLAIN.test(plain)) return Number(plain);
  return GROUPED.test(plain) ? Number(plain.replace(/\D/g, '')) : null;
}
