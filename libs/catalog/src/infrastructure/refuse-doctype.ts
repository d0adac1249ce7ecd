import { FeedUnreadable } from '../domain/feed.errors.js';

/** What may stand before the root element, and how each ends. */
const PROLOG: readonly (readonly [string, string])[] = [
  ['<?', '?>'],
  ['<!--', '-->'],
];

/**
 * Refuses a document with a document type declaration, wherever it declares entities: its content is never
 * looked at, so that nothing in it can cost time, memory or a request.
 * @throws FeedUnreadable `feed_doctype`; `feed_not_rss` for an HTML page
 */
export function refuseDoctype(text: string): void {
  const root = skipProlog(text);
  const start = text.slice(root, root + 200).toLowerCase();
  if (/^<!doctype\s+html\b/.test(start) || /^<html\b/.test(start)) {
    throw new FeedUnreadable('feed_not_rss', 'the document is an HTML page, not a feed');
  }
  if (start.startsWith('<!doctype')) {
    throw new FeedUnreadable('feed_doctype', 'feeds with a DOCTYPE are refused', lineAt(text, root));
  }
}

/** Index of the first thing that is no white space, instruction or comment. */
function skipProlog(text: string): number {
  const space = /[\s\ufeff]*/y;
  let index = 0;
  for (;;) {
    space.lastIndex = index;
    index += space.exec(text)?.[0].length ?? 0;
    const opened = PROLOG.find(([opening]) => text.startsWith(opening, index));
    if (!opened) return index;
    const close = text.indexOf(opened[1], index + opened[0].length);
    if (close === -1) return index;
    index = close + opened[1].length;
  }
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}
