import { stripPrefixes } from './strip-prefixes.js';

/**
 * What makes requests through any chain of prefixes belong to one episode: lower-case host (with a port that is not the
 * scheme's own) and exact path of the file behind them.
 */
export function mediaKey(enclosure: URL): string {
  const { target } = stripPrefixes(enclosure, new Set());
  return target.host + target.pathname;
}
