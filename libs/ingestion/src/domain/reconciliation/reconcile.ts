import { compareText } from '../counting/compare-text.js';
import { compareCounts, type Comparison } from './compare-counts.js';

/** The downloads of one episode, or of one podcast as a whole, on one day, as both parties have them. */
export interface CountPair {
  /** Id of the episode or of the podcast. */
  readonly subjectId: string;
  /** `YYYY-MM-DD`. */
  readonly day: string;
  readonly ours: number;
  readonly theirs: number;
}

export interface CellComparison extends Comparison {
  readonly subjectId: string;
  readonly day: string;
}

export interface SubjectComparison extends Comparison {
  readonly subjectId: string;
}

export interface DayComparison extends Comparison {
  readonly day: string;
}

/** Every comparison that can be made of some pairs. Sums of days and of subjects both come to the total. */
export interface Reconciliation {
  /** One for each pair, by day and then by subject. */
  readonly cells: readonly CellComparison[];
  /** Sums over days, by subject. */
  readonly subjects: readonly SubjectComparison[];
  /** Sums over subjects, by day. */
  readonly days: readonly DayComparison[];
  readonly total: Comparison;
}

/** Compares pairs one by one, by subject, by day and as a whole. @param pairs at most one for a subject and day */
export function reconcile(pairs: readonly CountPair[]): Reconciliation {
  const cells = pairs
    .map(({ subjectId, day, ours, theirs }) => ({ subjectId, day, ...compareCounts(ours, theirs) }))
    .sort((a, b) => compareText(a.day, b.day) || compareText(a.subjectId, b.subjectId));
  const subjects = sumBy(pairs, ({ subjectId }) => subjectId);
  const days = sumBy(pairs, ({ day }) => day);
  return {
    cells,
    subjects: subjects.map(([subjectId, comparison]) => ({ subjectId, ...comparison })),
    days: days.map(([day, comparison]) => ({ day, ...comparison })),
    total: sum(pairs),
  };
}

function sumBy(pairs: readonly CountPair[], keyOf: (pair: CountPair) => string): [string, Comparison][] {
  const groups = new Map<string, CountPair[]>();
  for (const pair of pairs) {
    const group = groups.get(keyOf(pair));
    if (group) group.push(pair);
    else groups.set(keyOf(pair), [pair]);
  }
  return [...groups]
    .sort(([a], [b]) => compareText(a, b))
    .map(([key, group]): [string, Comparison] => [key, sum(group)]);
}

function sum(pairs: readonly CountPair[]): Comparison {
  const of = (side: 'ours' | 'theirs') => pairs.reduce((total, pair) => total + pair[side], 0);
  return compareCounts(of('ours'), of('theirs'));
}
