import { parseUrl } from '@lib/primitives';
/** Longer addresses are refused: they fit neither an index nor most servers. */
const MAX_URL_LENGTH = 4096;

/**
 * The absolute http or https address that a feed means: relative and scheme-relative ones are resolved against
 * `base`, `www.` without a scheme is http, spaces and non-ASCII are percent-encoded as browsers do. Fragment and
 * credentials are left out.
 * @returns null when there is none, or it is longer than 4,096 characters
 */
export function resolveFeedUrl(written: string | null | undefined, base: URL | null): URL | null {
  const text = written?.trim() ?? '';
  if (text === '' || text.length > MAX_URL_LENGTH) return null;
  const url = parse(/^www\./i.test(text) ? `http://${text}` : text, base);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return null;
  url.hash = '';
  url.username = '';
  url.password = '';
  return url.href.length > MAX_URL_LENGTH ? null : url;
}

function parse(text: string, base: URL | null): URL | null {
  return parseUrl(text, base?.href) ?? null;
}
