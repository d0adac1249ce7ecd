import { DEFAULT_COUNTING_RULES, type CountingRules } from './counting/counting-rules.js';

/**
 * Everything that decides what counts, under one version. Immutable: another rule or another list is another rule set,
 * and every number names the one that it was counted under (PTMG v2.3 §5.5, IAB-26).
 */
export interface RuleSet {
  readonly id: string;
  /** Chosen by people, such as `1.2.0`; unique within the tenant. */
  readonly version: string;
  /** The first UTC day, `YYYY-MM-DD`, that is counted under it from the start. */
  readonly validFrom: string;
  readonly rules: StoredRules;
  /** SHA-256 of the content of the list that classifies agents. */
  readonly agentList: string;
  /** Ids of the tenant's overrides of what lists say. */
  readonly agentOverrides: readonly string[];
  readonly note: string;
  readonly createdBy: string;
  readonly createdAt: Date;
}

/** Rules, and the findings of invalid traffic whose addresses never count under them. */
export interface StoredRules extends CountingRules {
  readonly exclusions?: readonly string[];
}

/** By what a UTC day is counted. */
export interface CountingBasis {
  readonly ruleSet: RuleSet;
  /**
   * Sizes and durations of files are those that were known at this instant, whenever the day is counted again. Text of a
   * timestamptz, since a JavaScript Date would lose its microseconds; `infinity` is all that is known.
   */
  readonly filesAsOf: string;
}

/** What a tenant counts by until it decides otherwise. */
export const FIRST_RULE_SET = {
  version: '1.0.0',
  validFrom: '1970-01-01',
  rules: DEFAULT_COUNTING_RULES,
  note: 'The defaults of the product.',
  createdBy: 'product',
} as const;
