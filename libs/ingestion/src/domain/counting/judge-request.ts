import type { ByteRange } from './byte-union.js';
import type { CountingRules } from './counting-rules.js';
import type { AgentClass, DownloadRequest } from './download-request.js';
import type { Outcome } from './outcome.js';
import { parseByteRange } from './parse-byte-range.js';

/**
 * Asks the rules that look at one request alone, in the documented order, up to the limits on volume.
 * @returns the outcome of the first rule that applies, or undefined for a request that passes
 */
export function judgeRequest(request: DownloadRequest, rules: CountingRules): Outcome | undefined {
  // A playlist belongs to an episode but is none of its content.
  if (request.episode === null || request.hls?.kind === 'playlist') return 'not_an_episode';
  if (request.method !== 'GET') return 'not_get';
  if (!hasCountableStatus(request)) return 'status';
  if (isRangeProbe(request)) return 'range_probe';
  const byAgent = AGENT_OUTCOMES[request.agent];
  if (byAgent !== null) return byAgent;
  const isFiltered = rules.filteredNetworks.some((network) => network === request.network);
  if (isFiltered) return request.network === 'hosting' ? 'datacentre' : 'vpn';
  if (request.addressList === 'excluded') return 'excluded_address';
  return undefined;
}

/** The outcome that each class of agent leads to; null for those that count. */
const AGENT_OUTCOMES: Readonly<Record<AgentClass, Outcome | null>> = {
  app: null,
  browser: null,
  library: null,
  unknown: null,
  none: 'malformed_agent',
  malformed: 'malformed_agent',
  apple_watch: 'apple_watch',
  bot_agent: 'bot_agent',
  bot_library: 'bot_library',
  bot_generic: 'bot_generic',
};

/**
 * PTMG v2.3 §5.5.2 step 1.3 (IAB-16): 200 and 206; also `000`, by which some CDNs log a response that the client cut,
 * if it brought anything. The redirect answers 302 to everyone, so its status says nothing.
 */
function hasCountableStatus({ evidence, status, bytesServed }: DownloadRequest): boolean {
  if (evidence === 'prefix_only') return true;
  return status === 200 || status === 206 || (status === 0 && (bytesServed ?? 0) > 0);
}

/** PTMG v2.3 §5.5.2 (6), IAB-12: `bytes=0-1`, unless the server ignored it and sent the file. */
export function isRangeProbe({ evidence, status, rangeServed, rangeAsked }: DownloadRequest): boolean {
  if (evidence === 'origin_bytes' && status === 200) return false;
  if (rangeServed !== null) return isFirstTwoBytes(rangeServed);
  const [part, ...others] = parseByteRange(rangeAsked) ?? [];
  return part !== undefined && others.length === 0 && 'from' in part && isFirstTwoBytes(part);
}

function isFirstTwoBytes({ from, to }: ByteRange): boolean {
  return from === 0 && to === 2;
}
