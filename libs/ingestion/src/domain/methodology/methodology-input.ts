import type { CountingRules } from '../counting/counting-rules.js';
import type { AddressPrecision } from '../privacy/address-precision.js';
import type { LegalBasis } from '../privacy/read-consent.js';

/** Everything that a description of methodology is made of, as it stands at one moment. */
export interface MethodologyInput {
  readonly generatedAt: Date;
  readonly tenantName: string;
  /** The UTC days that "the period" means, `YYYY-MM-DD`, both included. */
  readonly period: { readonly firstDay: string; readonly lastDay: string };
  /** The rule set of today. */
  readonly ruleSet: RuleSetInForce;
  /** Rule sets under which days of the period are shown, in the order of their first day. */
  readonly shownUnder: readonly ShownRuleSet[];
  /** The list that the rule set names; null until the first request is counted. */
  readonly agentList: ListInUse | null;
  /** Whether another agent list was activated since. */
  readonly newerAgentList: boolean;
  /** What the tenant says about agents and networks, as the rule set names it. */
  readonly agentOverrides: readonly AgentOverrideInUse[];
  /** Whether overrides were added or removed since. */
  readonly newerAgentOverrides: boolean;
  /** Null where the operator loaded none. */
  readonly networkList: ListInUse | null;
  readonly podcasts: readonly PodcastEvidence[];
  /** Those that were not removed. */
  readonly inclusions: readonly Inclusion[];
  /** Those that stood at any time since the period began. */
  readonly exclusions: readonly Exclusion[];
  /** Suspected invalid traffic of the period, by what a person decided. */
  readonly reviews: { readonly open: number; readonly confirmed: number; readonly dismissed: number };
  /** The oldest first. */
  readonly audits: readonly SelfAudit[];
  /** What happened in the period that explains a change in numbers, the oldest first. */
  readonly events: readonly NotedEvent[];
  /** Days of the period, from the first that was ever counted on, on which nothing was counted. */
  readonly uncountedDays: number;
  readonly logLines: LogLines;
  /** Requests of redirects in the period that were answered and could not be stored. */
  readonly notRecorded: number;
  readonly privacy: PrivacyInForce;
  /** For how many days requests are kept. */
  readonly requestsKeptDays: number;
  /** The first UTC day that was counted; null where none was. */
  readonly countingSince: string | null;
}

export interface RuleSetInForce {
  readonly version: string;
  readonly validFrom: string;
  readonly rules: CountingRules;
  readonly note: string;
  readonly createdBy: string;
  /** Null: the product's defaults, stored when the first request is counted. */
  readonly createdAt: Date | null;
}

/** How far listeners are told from each other. */
export interface PrivacyInForce {
  /** `coarse`: addresses of the EEA, the United Kingdom and Switzerland are cut further than PTMG asks. */
  readonly precision: AddressPrecision;
  /** For requests that say nothing of consent. */
  readonly legalBasis: LegalBasis;
  readonly honourGpc: boolean;
  readonly honourDnt: boolean;
  /** Days back that sponsors' results are matched with listening by address; null where they are not. */
  readonly attributionLookbackDays: number | null;
}

export interface ShownRuleSet {
  readonly version: string;
  readonly firstDay: string;
  readonly lastDay: string;
  readonly days: number;
}

export interface ListInUse {
  /** SHA-256 of the content. */
  readonly sha256: string;
  readonly source: string;
  readonly loadedAt: Date;
  readonly activatedAt: Date | null;
}

export interface AgentOverrideInUse {
  readonly name: string;
  readonly kind: string;
  /** UTC days, `YYYY-MM-DD`, half-open; null where it has no such end. */
  readonly from: string | null;
  readonly until: string | null;
}

export type EvidenceLevel = 'origin_bytes' | 'prefix_only' | 'client_confirmed';

/** What there was of a podcast in the period. */
export interface PodcastEvidence {
  readonly title: string;
  readonly evidence: readonly EvidenceLevel[];
}

export interface Inclusion {
  readonly reason: string;
  readonly validatedAt: Date;
  readonly lapsesAt: Date;
  readonly lapsed: boolean;
}

export interface Exclusion {
  readonly reason: string;
  readonly since: Date;
  /** Null while it stands. */
  readonly until: Date | null;
}

/** A self-audit (PTMG v2.3 §5.5.6, IAB-25). */
export interface SelfAudit {
  /** `YYYY-MM-DD`. */
  readonly performedOn: string;
  readonly result: string;
  readonly author: string;
}

export type NotedEventKind =
  'enclosure_changed' | 'prefix_changed' | 'feed_moved' | 'recount_applied' | 'list_changed' | 'note';

/** Events of one kind on one day. */
export interface NotedEvent {
  /** UTC day, `YYYY-MM-DD`. */
  readonly day: string;
  readonly kind: NotedEventKind;
  /** Null where it concerns every podcast. */
  readonly podcast: string | null;
  readonly times: number;
}

/** Lines of access logs of the period that are not among the stored requests. */
export interface LogLines {
  /** Could not be read as a request. */
  readonly unreadable: number;
  /** Had the identity of a stored request and said something else. */
  readonly contradicting: number;
  /** Files whose import did not come to its end. */
  readonly unfinishedFiles: number;
}
