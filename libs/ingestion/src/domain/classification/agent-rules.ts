import type { AgentListContent } from './list-entry.js';

/** An entry of a list, ready to be asked. */
export interface AgentRule {
  readonly name: string;
  readonly category: string | null;
  /** It knows the agents that it takes by no name. */
  readonly catchAll: boolean;
  /** Milliseconds since 1970, half-open; infinite where the entry has no date. */
  readonly fromMs: number;
  readonly untilMs: number;
}

/** A list whose patterns are compiled. Takes time linear in the length of the text, whatever the patterns are. */
export interface RuleList {
  readonly rules: readonly AgentRule[];
  /** The first rule in the order of the list that matches and that `accepts`. */
  first(text: string, accepts: (rule: AgentRule) => boolean): AgentRule | undefined;
}

/** Compiled lists, with the hash of the content that they were compiled from. */
export interface AgentRules extends Readonly<Record<keyof AgentListContent, RuleList>> {
  /** SHA-256, in hexadecimal. */
  readonly version: string;
}

/** The rule of `list` that decides about `text` at a time: the first that matches and that holds then. */
export function ruleAt(list: RuleList, text: string, atMs: number): AgentRule | undefined {
  return list.first(text, ({ fromMs, untilMs }) => fromMs <= atMs && atMs < untilMs);
}
