import { parseUrl } from '@lib/primitives';
import { FeedFetchFailed } from '../domain/feed.errors.js';

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Statuses that say that an address will not be valid again (RFC 9110 §15.4). */
const PERMANENT = new Set([301, 308]);

/** Where a response sends the client, and whether for good. */
export interface Redirect {
  readonly url: URL;
  readonly permanent: boolean;
}

/**
 * Reads a redirect.
 * @param location header as Node gives it: bytes as Latin-1
 * @returns null when the status is no redirect
 * @throws FeedFetchFailed `feed_redirects` for one without a usable target, or from https to http
 */
export function redirectTarget(from: URL, status: number, location: string | undefined): Redirect | null {
  if (!REDIRECTS.has(status)) return null;
  const written = Buffer.from(location ?? '', 'latin1')
    .toString('utf8')
    .trim();
  // A browser reads a backslash as a slash, other clients do not: such a target has two meanings.
  const url = written === '' || written.includes('\\') ? undefined : parseUrl(written, from.href);
  if (url === undefined)
    throw new FeedFetchFailed('feed_redirects', 'the server redirects without a usable target');
  url.hash = '';
  if (from.protocol === 'https:' && url.protocol !== 'https:') {
    throw new FeedFetchFailed('feed_redirects', 'the server redirects from https to an unprotected address');
  }
  return { url, permanent: PERMANENT.has(status) };
}
