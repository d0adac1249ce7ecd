import { readWrittenUrl, type WrittenUrl } from './read-written-url.js';

/** What may stand where a prefix has its own words: nothing that needs decoding. */
const PLAIN = /^[\w.,=~-]+$/;
/** A word that no server takes for a host: without a dot, and not a number, which would be an IP address. */
const WORD = /^(?!0x)(?=.*[a-z])[\w,=-]+$/i;
const ESCAPED_SCHEME = /^https?%3a%2f%2f/i;

/**
 * The address behind one measurement prefix: behind `https://op3.dev/e/cdn.example/1.mp3` that of `cdn.example`.
 * Undefined when there is none, or when the prefix's own server could find another one.
 * @param skip path segments between the prefix's host and the address
 */
export function unwrapPrefix({ url, path }: WrittenUrl, skip: number): WrittenUrl | undefined {
  // A path that a client would tidy up (dot segments, backslashes) leads elsewhere than it says.
  if (url.pathname !== path) return undefined;
  const scheme = url.protocol === 'http:' ? 'http' : 'https';
  const segments = path.slice(1).split('/');
  if (!segments.slice(0, skip).every((segment) => PLAIN.test(segment))) return undefined;
  for (let index = skip; index < segments.length; index += 1) {
    const [segment = '', next = ''] = segments.slice(index);
    const rest = segments.slice(index).join('/');
    if (ESCAPED_SCHEME.test(segment)) return readEscaped(rest, scheme);
    if (/^https?$/i.test(segment) && next.includes('.'))
      return readWrittenUrl(rest.replace('/', '://'), scheme);
    if (!WORD.test(segment)) return readWrittenUrl(rest, scheme);
  }
  return undefined;
}

function readEscaped(rest: string, scheme: 'https' | 'http'): WrittenUrl | undefined {
  try {
    return readWrittenUrl(decodeURIComponent(rest), scheme);
  } catch {
    return undefined; // not UTF-8
  }
}
