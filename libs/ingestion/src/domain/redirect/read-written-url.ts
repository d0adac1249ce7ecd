import { parseUrl } from '@lib/primitives';
/** An absolute address as a client wrote it, and what `URL` makes of it. */
export interface WrittenUrl {
  /** As written, with the scheme in lower case and two slashes. */
  readonly text: string;
  readonly url: URL;
  /** The path as written. */
  readonly path: string;
}

const SCHEME = /^(https?):\/{1,2}(?!\/)/i;
const AUTHORITY = /^([a-z0-9_-]+(?:\.[a-z0-9_-]+)+)(?::(\d{1,5}))?(?=\/)/i;
/** What the target of a request may hold (RFC 9112 §3.2): visible ASCII. */
const SENDABLE = /^[\x21-\x7e]*$/;
const DEFAULT_PORT = { https: '443', http: '80' };

/**
 * Reads an address of the web that stands behind a prefix. Strict about its host, so that every reader finds the same
 * one: letters, digits, `-`, `_` and dots, perhaps a port, then a slash. Credentials, escapes, backslashes, other scripts
 * and the many spellings of an IP address are refused; path and query may hold anything that a request can.
 * @param defaultScheme of addresses without one
 */
export function readWrittenUrl(text: string, defaultScheme: 'https' | 'http'): WrittenUrl | undefined {
  if (!SENDABLE.test(text)) return undefined;
  const [start = '', given = defaultScheme] = SCHEME.exec(text) ?? [];
  const scheme = given.toLowerCase() as 'https' | 'http';
  const rest = text.slice(start.length);
  const [authority, host = '', port] = AUTHORITY.exec(rest) ?? [];
  if (authority === undefined) return undefined;
  const whole = `${scheme}://${rest}`;
  const url = parseUrl(whole);
  if (url === undefined) return undefined;
  const expected = port === undefined || port === DEFAULT_PORT[scheme] ? host : authority;
  if (url.host !== expected.toLowerCase()) return undefined;
  return { text: whole, url, path: rest.slice(authority.length).split(/[?#]/, 1)[0] ?? '' };
}
