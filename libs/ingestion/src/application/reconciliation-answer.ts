import type { Comparison, CountVerdict } from '../domain/reconciliation/compare-counts.js';
import type { SettingDifference, TheirSettings } from '../domain/reconciliation/compare-settings.js';
import type { LikelyCause, TheirPractices } from '../domain/reconciliation/likely-causes.js';
import type { Subject, TheirRow, UnmatchedRow } from '../domain/reconciliation/match-rows.js';
import type { LeftOut } from '../domain/reconciliation/pair-counts.js';
import type { CellComparison, DayComparison, SubjectComparison } from '../domain/reconciliation/reconcile.js';
import type { Recounted, RuleEffect } from './rule-effects.js';

/** What the other party declares beside its file. */
export type TheirDeclaration = TheirSettings & TheirPractices;

/** A comparison, and what the rows of the file that it is about name. */
export type NamedComparison = SubjectComparison & Omit<Subject, 'id'>;

/** Something that was counted with one rule changed; null where that could not be counted. */
export interface WithEffect {
  readonly effect: RuleEffect | null;
}

/** Two parties' numbers, compared or not. */
export interface ReconciliationAnswer {
  /** Of the total; `not_comparable` where settings forbid to compare. */
  readonly verdict: CountVerdict | 'not_comparable';
  /** Of the days, also of ours. */
  readonly timeZone: string;
  /** Days of that zone, both included. */
  readonly firstDay: string;
  readonly lastDay: string;
  /** Under which our numbers were counted. */
  readonly ruleSets: readonly { readonly id: string; readonly version: string }[];
  /** UTC days that the range touches and on which nothing was counted here. */
  readonly uncountedDays: readonly string[];
  readonly differences: readonly (SettingDifference & WithEffect)[];
  /** Null, and the lists empty, where nothing is compared. */
  readonly total: Comparison | null;
  readonly subjects: readonly NamedComparison[];
  readonly days: readonly DayComparison[];
  readonly cells: readonly CellComparison[];
  readonly causes: readonly (LikelyCause & WithEffect)[];
  readonly recounted: Recounted;
  readonly leftOut: readonly LeftOut[];
  readonly unmatched: readonly (TheirRow & Pick<UnmatchedRow, 'reason'>)[];
  readonly ignoredColumns: readonly string[];
}
