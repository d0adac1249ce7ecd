import { HTML_ENTITIES } from './html-entities.js';

/** A complete character reference: `&nbsp;`, `&#233;`, `&#xE9;`. */
const REFERENCE = /&(#\d{1,8}|#x[0-9a-f]{1,7}|[a-z][a-z0-9]{1,30});/gi;

/** What Windows-1252 has at 0x80 to 0x9F, which HTML means by `&#128;` to `&#159;`; 0 where it has nothing. */
const WINDOWS_1252 = [
  0x20ac, 0, 0x201a, 0x192, 0x201e, 0x2026, 0x2020, 0x2021, 0x2c6, 0x2030, 0x160, 0x2039, 0x152, 0, 0x17d, 0,
  0, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x2dc, 0x2122, 0x161, 0x203a, 0x153, 0, 0x17e,
  0x178,
];

/**
 * The code point that a reference stands for.
 * @param reference what is between `&` and `;`, for example `nbsp` or `#233`
 * @returns null for a name that we do not know; 0 for a number that stands for no storable character
 */
export function referencedCodePoint(reference: string): number | null {
  if (!reference.startsWith('#')) return HTML_ENTITIES.get(reference) ?? null;
  const code = /^#x/i.test(reference) ? parseInt(reference.slice(2), 16) : parseInt(reference.slice(1), 10);
  if (code >= 0x80 && code <= 0x9f) return WINDOWS_1252[code - 0x80] ?? 0;
  return isStorable(code) ? code : 0;
}

function isStorable(code: number): boolean {
  if (code < 0x20) return code === 0x9 || code === 0xa || code === 0xd;
  return (
    code <= 0x10ffff &&
    (code < 0xd800 || code > 0xdfff) &&
    code !== 0x7f &&
    code !== 0xfffe &&
    code !== 0xffff
  );
}

/** Replaces the character references of a plain text once; unknown names stay, impossible numbers go. */
export function decodeEntities(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(REFERENCE, (written, reference: string) => {
    const code = referencedCodePoint(reference);
    if (code === null) return written;
    return code === 0 ? '' : String.fromCodePoint(code);
  });
}
