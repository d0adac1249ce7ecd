import { referencedCodePoint } from '../domain/decode-entities.js';
import { FeedUnreadable } from '../domain/feed.errors.js';

/** Bounds the memory of the repair; a feed of 20,000 items with 50 HTML names each is still read. */
const MAX_REPAIRS = 1_000_000;

/** Where an ampersand is literal: these sections are passed over. */
const SECTION_ENDS: ReadonlyMap<string, string> = new Map([
  ['<![CDATA[', ']]>'],
  ['<!--', '-->'],
  ['<?', '?>'],
]);

const MARK = /<!\[CDATA\[|<!--|<\?|&/g;
const REFERENCE = /&(#\d{1,8}|#x[0-9a-f]{1,7}|[a-z][a-z0-9]{1,30});/iy;
const XML_NAMES = new Set(['amp', 'lt', 'gt', 'quot', 'apos']);

/**
 * Makes ampersands well-formed: a stray one is escaped, an HTML name becomes the character's number, a number
 * that stands for no character goes. CDATA, comments and instructions stay untouched. Nothing is expanded, so the
 * text grows by at most four characters per ampersand. Runs in one pass.
 * @returns the text and the number of ampersands changed
 * @throws FeedUnreadable `feed_malformed` after a million of them
 */
export function repairXml(text: string): { text: string; repaired: number } {
  const parts: string[] = [];
  let copied = 0;
  let repaired = 0;
  MARK.lastIndex = 0;
  for (let match = MARK.exec(text); match !== null; match = MARK.exec(text)) {
    const end = SECTION_ENDS.get(match[0]);
    if (end !== undefined) {
      const close = text.indexOf(end, MARK.lastIndex);
      // An unclosed section is the parser's to report.
      if (close === -1) break;
      MARK.lastIndex = close + end.length;
      continue;
    }
    REFERENCE.lastIndex = match.index;
    const reference = REFERENCE.exec(text);
    const written = reference?.[0] ?? '&';
    const wellFormed = wellFormedReference(reference?.[1]);
    MARK.lastIndex = match.index + written.length;
    if (wellFormed === written) continue;
    parts.push(text.slice(copied, match.index), wellFormed);
    copied = match.index + written.length;
    repaired += 1;
    if (repaired > MAX_REPAIRS)
      throw new FeedUnreadable('feed_malformed', 'the feed has too many stray ampersands');
  }
  parts.push(text.slice(copied));
  return { text: parts.join(''), repaired };
}

function wellFormedReference(reference: string | undefined): string {
  if (reference === undefined) return '&amp;';
  if (XML_NAMES.has(reference)) return `&${reference};`;
  const code = referencedCodePoint(reference);
  if (code === null) return `&amp;${reference};`;
  if (code === 0) return '';
  const unchanged =
    reference === `#${code}` || (/^#x/.test(reference) && parseInt(reference.slice(2), 16) === code);
  return unchanged ? `&${reference};` : `&#${code};`;
}
