import type { AgentClass } from '../counting/download-request.js';

/** What a tenant may say that a request is. */
export const OVERRIDE_KINDS = ['app', 'browser', 'library', 'bot', 'datacentre'] as const;
export type OverrideKind = (typeof OVERRIDE_KINDS)[number];

/** The agents that count: only about these a filter can say something new. */
export const COUNTED_AGENTS = ['app', 'browser', 'library', 'unknown'] as const satisfies AgentClass[];
export type CountedAgent = (typeof COUNTED_AGENTS)[number];

/**
 * What a tenant says about requests where the lists are silent or too kind. It is never changed, only removed: rule sets
 * that name it go on to count by it.
 *
 * - A **name** has a pattern and nothing else but dates: it says what agents are that no podcast list
 *   knows by name. Those that a catch-all of the lists takes, such as any other app on some device, are among them.
 * - A **filter** names a network, a country or a kind of agent, and perhaps a pattern: what meets all of it, and would
 *   count, is a bot, or comes from a data centre.
 */
export interface AgentOverride {
  readonly id: string;
  readonly kind: OverrideKind;
  /** Of the app, browser, library, bot or data centre. */
  readonly name: string;
  /** In the dialect of RE2, searched anywhere in the agent, capitals told apart. Null: every agent. */
  readonly pattern: string | null;
  /** What the lists say of the agent. Null: whatever counts. */
  readonly agentKind: CountedAgent | null;
  /** Number of the autonomous system, of what was known of the address when the request came in. Null: any. */
  readonly asn: number | null;
  /** ISO 3166-1, two capitals. Null: any. */
  readonly country: string | null;
  /** First UTC day (`2026-03-01`) on which it holds, and the first on which it no longer does. */
  readonly from: string | null;
  readonly until: string | null;
}

/** Why a tenant's statement means nothing. */
export interface OverrideFault {
  readonly field: 'kind' | 'pattern' | 'from' | 'until';
  readonly rule: string;
}

/** Whether it asks for more than the agent's own words. */
export function isFilter({
  agentKind,
  asn,
  country,
}: Pick<AgentOverride, 'agentKind' | 'asn' | 'country'>): boolean {
  return agentKind !== null || asn !== null || country !== null;
}

/** What is wrong with the combination of an override's fields; undefined when it is sound. */
export function overrideFault(override: Omit<AgentOverride, 'id' | 'name'>): OverrideFault | undefined {
  const { kind, pattern, from, until } = override;
  for (const field of ['from', 'until'] as const)
    if (override[field] !== null && !isDay(override[field]))
      return { field, rule: `${field} must be a day of the calendar` };
  if (from !== null && until !== null && from >= until)
    return {
      field: 'until',
      rule: 'until must be after from: it is the first day on which nothing holds any more',
    };
  if (isFilter(override))
    return kind === 'bot' || kind === 'datacentre'
      ? undefined
      : { field: 'kind', rule: 'with asn, country or agentKind, kind must be bot or datacentre' };
  if (kind === 'datacentre')
    return { field: 'kind', rule: 'a datacentre needs at least one of asn, country and agentKind' };
  return pattern === null ? { field: 'pattern', rule: 'pattern must say which agents are meant' } : undefined;
}

function isDay(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().slice(0, 10) === text;
}
