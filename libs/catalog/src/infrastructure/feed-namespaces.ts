/** Our own prefix for each namespace that we read, by its URI in lower case. RSS itself has none. */
const PREFIXES: ReadonlyMap<string, string> = new Map([
  ['', ''],
  ['http://backend.userland.com/rss2', ''],
  ['http://www.itunes.com/dtds/podcast-1.0.dtd', 'itunes:'],
  ['https://podcastindex.org/namespace/1.0', 'podcast:'],
  ['https://github.com/podcastindex-org/podcast-namespace/blob/main/docs/1.0.md', 'podcast:'],
  ['http://purl.org/rss/1.0/modules/content/', 'content:'],
  ['http://www.w3.org/2005/atom', 'atom:'],
]);

const UNDECLARED = 'undeclared:';

/**
 * The name of an element whatever prefix its document chose: `itunes:title`. URIs are compared without case
 * because both spellings of the iTunes namespace are in use. Null for a namespace that we do not read.
 */
export function canonicalName(uri: string, local: string): string | null {
  if (uri.startsWith(UNDECLARED)) return `${uri.slice(UNDECLARED.length)}:${local}`;
  const prefix = PREFIXES.get(uri.toLowerCase());
  return prefix === undefined ? null : prefix + local;
}

/** Stands in for the namespace of a prefix that a document uses without declaring it; the prefix then decides. */
export function undeclaredNamespace(prefix: string): string {
  return UNDECLARED + prefix;
}
