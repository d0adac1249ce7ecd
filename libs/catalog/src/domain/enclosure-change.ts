import { parseUrl } from '@lib/primitives';
import { stripPrefixes } from './strip-prefixes.js';

/** The host of a file, and those of the measurement prefixes in front of it, outermost first. */
export interface EnclosureChain {
  readonly host: string;
  readonly prefixes: readonly string[];
}

/**
 * How the address of an episode's file changed. `prefix_changed`: another way to the same file. `enclosure_changed`:
 * anything else.
 */
export interface EnclosureChange {
  readonly kind: 'prefix_changed' | 'enclosure_changed';
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
  if (old.scheme === now.scheme && old.path === now.path && old.parameters === now.parameters) return null;
  const otherWay = old.file === now.file && old.path !== now.path;
  return {
    kind: otherWay ? 'prefix_changed' : 'enclosure_changed',
    before: old.chain,
    after: now.chain,
  };
}

function readAddress(
  address: string,
  ownHosts: ReadonlySet<string>,
): { scheme: string; path: string; parameters: string; file: string; chain: EnclosureChain } {
  const url = new URL(address);
  const { target, prefixes } = stripPrefixes(url, ownHosts);
  return {
    scheme: url.protocol,
    path: url.host + url.pathname,
    parameters: JSON.stringify([...new Set(url.searchParams.keys())].sort()),
    file: target.host + target.pathname,
    chain: { host: target.host, prefixes },
  };
}
