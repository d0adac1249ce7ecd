import type { StoredRequest } from '../counted-request.js';
import type { CountingRules } from '../counting/counting-rules.js';
import type { AgentClass, DownloadRequest } from '../counting/download-request.js';
import { isRangeProbe } from '../counting/judge-request.js';
import type { SettingDifference, TheirSettings } from './compare-settings.js';
import type { LikelyCause } from './likely-causes.js';

/** One rule of counting that another party may have otherwise, so that its effect can be counted. */
export interface RuleChange {
  /** The rules with that one changed. */
  readonly rules?: (rules: CountingRules) => CountingRules;
  /** A request as it looks with the rule changed, where the rule is none that a rule set names. */
  readonly request?: (request: DownloadRequest, stored: StoredRequest) => DownloadRequest;
}

const BOTS: ReadonlySet<AgentClass> = new Set(['bot_agent', 'bot_library', 'bot_generic']);

/**
 * The changes whose effect stored requests can tell, by the code of the cause that names them. Not among them: whole IPv6
 * addresses, of which only the first 64 bits were ever hashed, and ranges that are added up, which is no rule of ours.
 */
const RULE_CHANGES: Readonly<Record<string, RuleChange>> = {
  one_minute: { rules: (rules) => ({ ...rules, contentSeconds: null }) },
  no_threshold: { rules: (rules) => ({ ...rules, contentSeconds: 60 }) },
  header_policy: { rules: (rules) => ({ ...rules, header: 'required' }) },
  range_probe: { request: withoutProbe },
  apple_watch: { request: withAgents((agent) => agent === 'apple_watch') },
  agent_lists: { request: withAgents((agent) => BOTS.has(agent)) },
  data_centres: {
    rules: (rules) => ({
      ...rules,
      filteredNetworks: rules.filteredNetworks.filter((network) => network !== 'hosting'),
    }),
  },
  data_centres_counted: {
    rules: (rules) => ({
      ...rules,
      filteredNetworks: [...new Set([...rules.filteredNetworks, 'hosting'] as const)],
    }),
  },
  volume_rules: { rules: (rules) => ({ ...rules, breadth: null, requestsPerAddressDay: null }) },
  listener_key: { request: withReferrerInKey },
};

/**
 * The change behind each likely cause, by its code; causes whose effect no stored request can tell are left out.
 * @param isRolling whether windows reach over midnight, where listeners are known again by the keys of the day before:
 *   these know nothing of a referrer
 */
export function changesBehindCauses(
  causes: readonly LikelyCause[],
  isRolling: boolean,
): Map<string, RuleChange> {
  const found = new Map<string, RuleChange>();
  for (const { code } of causes) {
    const change = RULE_CHANGES[code];
    if (change !== undefined && !(isRolling && code === 'listener_key')) found.set(code, change);
  }
  return found;
}

/**
 * The change that takes each differing setting away, by the setting: their window, or bots that are counted. None where
 * something differs that no counting can take away.
 */
export function changesBehindDifferences(
  differences: readonly SettingDifference[],
  { window }: TheirSettings,
): Map<string, RuleChange> {
  const changes: Partial<Record<SettingDifference['setting'], RuleChange>> = {
    bots: { request: withAgents((agent) => BOTS.has(agent)) },
    ...(window !== 'other' && { window: { rules: (rules: CountingRules) => ({ ...rules, window }) } }),
  };
  const found = differences.map(({ setting }) => [setting, changes[setting]] as const);
  const possible = found.filter(
    (entry): entry is [SettingDifference['setting'], RuleChange] => entry[1] !== undefined,
  );
  return new Map(possible.length === found.length ? possible : []);
}

/** A probe is taken for a request of its first byte: that is no probe any more, and reaches no more of the threshold. */
function withoutProbe(request: DownloadRequest): DownloadRequest {
  return isRangeProbe(request) ? { ...request, rangeAsked: null, rangeServed: { from: 0, to: 1 } } : request;
}

/** Takes agents that are filtered for apps. */
function withAgents(
  isFiltered: (agent: AgentClass) => boolean,
): (request: DownloadRequest) => DownloadRequest {
  return (request) => (isFiltered(request.agent) ? { ...request, agent: 'app' } : request);
}

/** Tells listeners apart by the referrer too, as some counters do. */
function withReferrerInKey(request: DownloadRequest, { referrer }: StoredRequest): DownloadRequest {
  return request.listener === null || referrer === null
    ? request
    : { ...request, listener: `${request.listener} ${referrer}` };
}
