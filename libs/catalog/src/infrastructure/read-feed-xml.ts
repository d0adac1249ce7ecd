import { SaxesParser } from 'saxes';
import { FeedUnreadable } from '../domain/feed.errors.js';
import type { FeedWarning } from '../domain/parsed-feed.js';
import type { RawAttributes, RawFeed } from '../domain/raw-feed.js';
import { FeedElements } from './feed-elements.js';
import type { FeedLimits } from './feed-limits.js';
import { canonicalName, undeclaredNamespace } from './feed-namespaces.js';

const CHUNK_LENGTH = 64 * 1024;

/** Attributes of one element; feeds need fewer than ten. Bounds what the parser keeps at once. */
const MAX_ATTRIBUTES = 1000;

/** Undeclared prefixes that are named in warnings. */
const MAX_UNDECLARED = 20;

/**
 * Reads well-formed RSS into its elements, streaming, one part for every 64 KiB. No entity is ever declared, so none is
 * expanded. Whatever follows the root element is left unread.
 * @throws FeedUnreadable
 */
export function* readFeedXml(text: string, limits: FeedLimits): Generator<void, RawFeed> {
  const elements = new FeedElements(limits);
  const undeclared = new Set<string>();
  const parser = createParser(elements, undeclared);
  const source = blankDeclaration(text);
  for (let offset = 0; offset < source.length && !elements.complete; offset += CHUNK_LENGTH) {
    parser.write(source.slice(offset, offset + CHUNK_LENGTH));
    yield;
  }
  if (!elements.complete) parser.close();
  const raw = elements.toRawFeed();
  return { ...raw, warnings: [...raw.warnings, ...[...undeclared].map(toWarning)] };
}

function createParser(elements: FeedElements, undeclared: Set<string>): SaxesParser<{ xmlns: true }> {
  const parser = new SaxesParser({
    xmlns: true,
    position: false,
    resolvePrefix: (prefix: string) => {
      // The empty prefix is RSS itself.
      if (prefix === '') return undefined;
      if (undeclared.size < MAX_UNDECLARED) undeclared.add(prefix.slice(0, 40));
      return undeclaredNamespace(prefix);
    },
  });
  parser.on('error', ({ message }) => {
    if (elements.complete) return;
    throw new FeedUnreadable(
      'feed_malformed',
      `the feed is cut off or not well-formed: ${message}`,
      parser.line,
    );
  });
  parser.on('doctype', () => {
    throw new FeedUnreadable('feed_doctype', 'feeds with a DOCTYPE are refused', parser.line);
  });
  let attributeCount = 0;
  parser.on('attribute', () => {
    attributeCount += 1;
    if (attributeCount <= MAX_ATTRIBUTES) return;
    throw new FeedUnreadable(
      'feed_malformed',
      `an element has more than ${MAX_ATTRIBUTES} attributes`,
      parser.line,
    );
  });
  parser.on('opentag', ({ uri, local, attributes }) => {
    attributeCount = 0;
    if (elements.complete) return;
    elements.open(canonicalName(uri, local), () => withoutNamespace(attributes), parser.line);
  });
  parser.on('text', (part) => elements.text(part));
  parser.on('cdata', (part) => elements.text(part));
  parser.on('closetag', () => {
    if (!elements.complete) elements.close();
  });
  return parser;
}

/**
 * Overwrites the XML declaration with spaces: the text is decoded already, and feeds that begin with an empty
 * line or declare XML 1.1 are read all the same. Line numbers stay right.
 */
function blankDeclaration(text: string): string {
  return text.replace(/^[\s\ufeff]*<\?xml\s[^>]{0,300}>/i, (declaration) =>
    declaration.replace(/[^\n]/g, ' '),
  );
}

function withoutNamespace(
  attributes: Readonly<Record<string, { uri: string; local: string; value: string }>>,
): RawAttributes {
  const plain = Object.create(null) as Record<string, string>;
  for (const { uri, local, value } of Object.values(attributes)) {
    if (uri === '') plain[local] = value;
  }
  return plain;
}

function toWarning(prefix: string): FeedWarning {
  return { position: null, code: 'namespace_undeclared', detail: `the prefix "${prefix}" is not declared` };
}
