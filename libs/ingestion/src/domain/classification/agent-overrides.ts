import { COUNTED_AGENTS, isFilter, type AgentOverride } from './agent-override.js';
import type { AgentVerdict } from './agent-verdict.js';

/** What an override can ask about a request. */
export interface OverrideSubject {
  /** Cleaned; empty for none. */
  readonly agent: string;
  readonly verdict: AgentVerdict;
  readonly asn: number | null;
  readonly country: string | null;
  /** UTC, milliseconds since 1970. */
  readonly atMs: number;
}

/** The overrides whose pattern an agent meets, or that have none, in the order in which they are asked. */
export type MatchingOverrides = (agent: string) => readonly AgentOverride[];

/**
 * What an agent is that no podcast list knows by name; undefined for all others, and where no override says it. The first that
 * applies decides.
 */
export function namingOverride(
  matching: MatchingOverrides,
  { agent, verdict, atMs }: Pick<OverrideSubject, 'agent' | 'verdict' | 'atMs'>,
): AgentOverride | undefined {
  if (!isLeftToGeneralRules(verdict)) return undefined;
  return matching(agent).find((override) => !isFilter(override) && holds(override, atMs));
}

/** Why a request is a bot's or a data centre's that the lists would let count; undefined where nothing says so. */
export function filteringOverride(
  matching: MatchingOverrides,
  { agent, verdict, asn, country, atMs }: OverrideSubject,
): AgentOverride | undefined {
  if (!COUNTED_AGENTS.some((kind) => kind === verdict.kind)) return undefined;
  return matching(agent).find(
    (override) =>
      isFilter(override) &&
      (override.agentKind === null || override.agentKind === verdict.kind) &&
      (override.asn === null || override.asn === asn) &&
      (override.country === null || override.country === country) &&
      holds(override, atMs),
  );
}

/** Whether only a catch-all of the podcast lists, the general list of crawlers, the words for bots, or nothing decided. */
function isLeftToGeneralRules({ decidedBy }: AgentVerdict): boolean {
  if (decidedBy === null || decidedBy.catchAll === true) return true;
  return decidedBy.list === 'crawlers' || decidedBy.list === 'words';
}

function holds({ from, until }: AgentOverride, atMs: number): boolean {
  if (from === null && until === null) return true;
  const day = new Date(atMs).toISOString().slice(0, 10);
  return (from === null || from <= day) && (until === null || day < until);
}
