import type { LineRule } from './line-fault.js';

/**
 * What became of the lines of a file, so far. `lines` = `stored` + `duplicates` + `conflicts` + `faults` + `comments`.
 */
export interface LineTally {
  readonly lines: number;
  /** How far that is, in bytes of the unpacked file. */
  readonly bytes: number;
  /** Requests that are new. */
  readonly stored: number;
  /** How many of those stored ask for something else than an episode. They are kept and never count. */
  readonly notEpisodes: number;
  /** Requests that were stored before: outcome `duplicate_delivery`. */
  readonly duplicates: number;
  /** Requests with the id of one that is stored and says something else. The first stays. */
  readonly conflicts: number;
  /** Lines that are no requests, though they should be. */
  readonly faults: number;
  /** Faults by the rule that was broken. */
  readonly rules: Partial<Record<LineRule, number>>;
  /** The first faults, by their line numbers. */
  readonly examples: readonly { readonly line: number; readonly rule: LineRule }[];
  /** Headers and empty lines. */
  readonly comments: number;
}

export const NO_LINES: LineTally = {
  lines: 0,
  bytes: 0,
  stored: 0,
  notEpisodes: 0,
  duplicates: 0,
  conflicts: 0,
  faults: 0,
  rules: {},
  examples: [],
  comments: 0,
};

const EXAMPLES = 20;

/** The sum of what was before and what came after. */
export function addTally(before: LineTally, more: LineTally): LineTally {
  const rules = { ...before.rules };
  for (const [rule, count] of Object.entries(more.rules) as [LineRule, number][])
    rules[rule] = (rules[rule] ?? 0) + count;
  return {
    lines: before.lines + more.lines,
    bytes: Math.max(before.bytes, more.bytes),
    stored: before.stored + more.stored,
    notEpisodes: before.notEpisodes + more.notEpisodes,
    duplicates: before.duplicates + more.duplicates,
    conflicts: before.conflicts + more.conflicts,
    faults: before.faults + more.faults,
    rules,
    examples: [...before.examples, ...more.examples].slice(0, EXAMPLES),
    comments: before.comments + more.comments,
  };
}
