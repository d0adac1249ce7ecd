import { readWrittenUrl } from './read-written-url.js';
import { unwrapPrefix } from './unwrap-prefix.js';

/** Longer chains are mistakes or attacks. */
const MAX_PREFIXES = 16;

/** Where a podcast's redirects may lead. Hosts are in lower case, with a port that is not the scheme's own. */
export interface RedirectHosts {
  /** Hosts of the podcast's media files. */
  readonly registered: ReadonlySet<string>;
  /** Measurement prefixes of others, with the number of path segments between host and target. */
  readonly prefixes: ReadonlyMap<string, number>;
  /** Names, without ports, under which this redirect itself is reached. */
  readonly own: ReadonlySet<string>;
}

/** A destination that was found to be the podcast's. */
export interface RedirectTarget {
  /** For the `Location` header: as it was written, with its scheme completed. */
  readonly location: string;
  /** Host and path of the file at the end of all prefixes, without query: what an episode is known by. */
  readonly mediaKey: string;
}

/**
 * Judges the destination behind `/r/{handle}/`: with `https://` or `http://`, with one slash after the scheme (servers
 * on the way merge two), or without a scheme, which means https. Path and query are kept byte for byte.
 *
 * Its host must be registered for the podcast, or be a known prefix whose whole chain leads to a registered host. A
 * prefix server redirects to almost any host, so a chain is followed strictly: whatever a prefix server might read in
 * another way than we do is refused.
 *
 * @returns undefined when the podcast's redirect must not lead there
 */
export function readRedirectTarget(destination: string, hosts: RedirectHosts): RedirectTarget | undefined {
  const written = readWrittenUrl(destination, 'https');
  if (written === undefined) return undefined;
  let last = written;
  for (let prefixes = 0; hosts.prefixes.has(last.url.host); prefixes += 1) {
    const inner = unwrapPrefix(last, hosts.prefixes.get(last.url.host) ?? 0);
    if (inner === undefined || prefixes === MAX_PREFIXES) return undefined;
    last = inner;
  }
  const { host, hostname, pathname } = last.url;
  if (!hosts.registered.has(host) || hosts.own.has(hostname)) return undefined;
  return { location: written.text, mediaKey: host + pathname };
}
