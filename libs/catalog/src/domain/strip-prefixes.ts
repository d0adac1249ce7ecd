import { parseUrl } from '@lib/primitives';
import { looksLikeHost } from './looks-like-host.js';
import { PREFIX_HOSTS } from './prefix-hosts.js';

/** Longer chains are mistakes or attacks; what is left is then taken as the target. */
const MAX_PREFIXES = 16;

/**
 * Takes the measurement prefixes off an enclosure's address: `https://op3.dev/e/cdn.example.com/1.mp3` leads to
 * `https://cdn.example.com/1.mp3`. The scheme is the inner one where it is written, else the outer one; the query
 * belongs to the target.
 * @param ownHosts further prefix hosts in lower case: the tenant's tracking domains
 * @returns the target and the hosts of the prefixes, outermost first
 */
export function stripPrefixes(url: URL, ownHosts: ReadonlySet<string>): { target: URL; prefixes: string[] } {
  const prefixes: string[] = [];
  let target = url;
  while (prefixes.length < MAX_PREFIXES) {
    const inner = targetBehind(target, ownHosts);
    if (inner === null) break;
    prefixes.push(target.hostname);
    target = inner;
  }
  return { target, prefixes };
}

/** The address inside the path of a prefix, or null when the host is no prefix or nothing stands behind it. */
function targetBehind(url: URL, ownHosts: ReadonlySet<string>): URL | null {
  const skip = ownHosts.has(url.hostname) ? 0 : PREFIX_HOSTS.get(url.hostname);
  if (skip === undefined) return null;
  const segments = url.pathname.slice(1).split('/');
  for (let index = skip; index < segments.length; index += 1) {
    const address = addressAt(segments, index, url.protocol);
    const inner = address === null ? undefined : parseUrl(address + url.search);
    if (inner !== undefined) return inner;
  }
  return null;
}

/** The address that begins at this segment: with scheme, with the scheme as a segment, escaped, or host first. */
function addressAt(segments: readonly string[], index: number, outerScheme: string): string | null {
  const first = segments[index] ?? '';
  const next = segments[index + 1] ?? '';
  if (/^https?:$/i.test(first)) {
    const rest = segments.slice(next === '' ? index + 2 : index + 1);
    return rest[0] ? `${first}//${rest.join('/')}` : null;
  }
  if (/^https?$/i.test(first) && looksLikeHost(next))
    return `${first}://${segments.slice(index + 1).join('/')}`;
  if (/^https?%3a%2f%2f/i.test(first)) return decodeWhole(segments.slice(index).join('/'));
  if (looksLikeHost(first) && index < segments.length - 1)
    return `${outerScheme}//${segments.slice(index).join('/')}`;
  return null;
}

function decodeWhole(escaped: string): string | null {
  try {
    return decodeURIComponent(escaped);
  } catch {
    return null;
  }
}
