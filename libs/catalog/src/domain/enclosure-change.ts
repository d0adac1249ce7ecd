import { parseUrl } from '@lib/primitives';
import { stripPrefixes } from './strip-prefixes.js';

/** The host of a file, and those of the measurement prefixes in front of it, outermost first. */
export interface EnclosureChain {
  readonly host: string;
  readonly prefixes: readonly string[];
}

/**
 * A part of an enclosure's address, in the order in which it is written. `host` and `path` are the file's. `query`: the
 * names of its parameters, never their values, which may be signatures.
 */
export const ENCLOSURE_PARTS = ['scheme', 'prefixes', 'host', 'path', 'query'] as const;
export type EnclosurePart = (typeof ENCLOSURE_PARTS)[number];

/**
 * How the address of an episode's file changed. `prefix_changed`: another way to the same file. `enclosure_changed`:
 * anything else.
 */
export interface EnclosureChange {
  readonly kind: 'prefix_changed' | 'enclosure_changed';
  /** What differs, at least one. `prefixes` also stands for another account of the same prefix. */
  readonly changed: readonly EnclosurePart[];
  readonly before: EnclosureChain;
  readonly after: EnclosureChain;
}

/**
 * What changed between two addresses of one episode's file. Apps download a file again whose address changed (PTMG v2.3
 * §5.3). Other values of the same query parameters are no change: hosts that sign their addresses give new ones in every
 * copy of the feed, and apps have learnt that.
 * @param ownHosts further prefix hosts in lower case: the tenant's tracking domains
 * @returns null for no change, and for an address that is none
 */
export function enclosureChange(
  before: string,
  after: string,
  ownHosts: ReadonlySet<string>,
): EnclosureChange | null {
  if (before === after || !parseUrl(before) || !parseUrl(after)) return null;
  const [old, now] = [readAddress(before, ownHosts), readAddress(after, ownHosts)];
  const sameFile = old.host === now.host && old.path === now.path;
  const otherWay = sameFile && old.whole !== now.whole;
  const changed = ENCLOSURE_PARTS.filter(
    (part) => old[part] !== now[part] || (part === 'prefixes' && otherWay),
  );
  if (changed.length === 0) return null;
  return {
    kind: otherWay ? 'prefix_changed' : 'enclosure_changed',
    changed,
    before: old.chain,
    after: now.chain,
  };
}

function readAddress(
  address: string,
  ownHosts: ReadonlySet<string>,
): Record<EnclosurePart | 'whole', string> & { chain: EnclosureChain } {
  const url = new URL(address);
  const { target, prefixes } = stripPrefixes(url, ownHosts);
  return {
    scheme: url.protocol,
    prefixes: prefixes.join(' '),
    host: target.host,
    path: target.pathname,
    query: JSON.stringify([...new Set(url.searchParams.keys())].sort()),
    whole: url.host + url.pathname,
    chain: { host: target.host, prefixes },
  };
}
