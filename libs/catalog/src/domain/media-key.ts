import { stripPrefixes } from './strip-prefixes.js';

/**
 * What makes requests through any chain of prefixes belong to one episode: lower-case host (with a port that is not the
 * scheme's own) and exact path of the file behind them.
 * @param ownHosts the hosts of our own redirect
 */
export function mediaKey(enclosure: URL, ownHosts: ReadonlySet<string>): string {
  const { target } = stripPrefixes(enclosure, ownHosts);
  return target.host + target.pathname;
}
