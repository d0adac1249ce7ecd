import { Injectable } from '@nestjs/common';
import { TenantDb } from '@lib/database';
import { DAY_MS, utcDate, type TenantId } from '@lib/primitives';
import {
  compareSettings,
  type OurSettings,
  type SettingDifference,
  type TheirSettings,
} from '../domain/reconciliation/compare-settings.js';
import type { Comparison, CountVerdict } from '../domain/reconciliation/compare-counts.js';
import {
  likelyCauses,
  type LikelyCause,
  type TheirPractices,
} from '../domain/reconciliation/likely-causes.js';
import {
  matchRows,
  type MatchedRow,
  type Subject,
  type TheirRow,
  type UnmatchedRow,
} from '../domain/reconciliation/match-rows.js';
import { pairCounts, type LeftOut } from '../domain/reconciliation/pair-counts.js';
import {
  reconcile,
  type CellComparison,
  type DayComparison,
  type Reconciliation,
  type SubjectComparison,
} from '../domain/reconciliation/reconcile.js';
import { comparisonTooLarge } from '../domain/reconciliation/their-file.errors.js';
import { countedDays, type RuleSetDays } from '../infrastructure/counted-days.sql.js';
import { downloadNumbers, type DownloadNumber } from '../infrastructure/download-numbers.sql.js';
import { episodesNamed, podcastsNamed } from '../infrastructure/known-subjects.sql.js';
import { activeList } from '../infrastructure/lists.sql.js';
import { readTheirFile, type TheirFile } from '../infrastructure/read-their-file.js';

/** What the other party declares beside its file. */
export type TheirDeclaration = TheirSettings & TheirPractices;

/** A comparison, and what the rows of the file that it is about name. */
export type NamedComparison = SubjectComparison & Omit<Subject, 'id'>;

/** Two parties' numbers, compared or not. */
export interface ReconciliationAnswer {
  /** Of the total; `not_comparable` where settings forbid to compare. */
  readonly verdict: CountVerdict | 'not_comparable';
  /** UTC days, both included. */
  readonly firstDay: string;
  readonly lastDay: string;
  /** Under which our numbers were counted. */
  readonly ruleSets: readonly { readonly id: string; readonly version: string }[];
  /** Days of the range on which nothing was counted here. */
  readonly uncountedDays: readonly string[];
  readonly differences: readonly SettingDifference[];
  /** Null, and the lists empty, where nothing is compared. */
  readonly total: Comparison | null;
  readonly subjects: readonly NamedComparison[];
  readonly days: readonly DayComparison[];
  readonly cells: readonly CellComparison[];
  readonly causes: readonly LikelyCause[];
  readonly leftOut: readonly LeftOut[];
  readonly unmatched: readonly (TheirRow & Pick<UnmatchedRow, 'reason'>)[];
  readonly ignoredColumns: readonly string[];
}

/** Numbers of ours that one comparison reads. */
const MAX_NUMBERS = 50_000;

/** Compares our downloads with those that another party has counted. Stores nothing. */
@Injectable()
export class ReconciliationService {
  constructor(private readonly db: TenantDb) {}

  /**
   * Reads the other party's CSV and compares. Opens its own transaction.
   * @throws DomainError (422) naming line and column of what the file has wrong; `comparison_too_large` (422)
   */
  async compare(
    tenantId: TenantId,
    bytes: Uint8Array,
    theirs: TheirDeclaration,
  ): Promise<ReconciliationAnswer> {
    const file = readTheirFile(bytes);
    return this.db.run(tenantId, () => this.compareFile(file, theirs), { readOnly: true });
  }

  private async compareFile(file: TheirFile, theirs: TheirDeclaration): Promise<ReconciliationAnswer> {
    const { sql, tenantId } = this.db.current;
    const { matched, unmatched, titles } = await this.match(file.rows);
    const ruleSets = await countedDays(sql, tenantId, file.firstDay, file.lastDay);
    const scope = { ...file, podcastIds: [...titles.keys()] };
    const numbers = await downloadNumbers(sql, tenantId, scope, MAX_NUMBERS + 1);
    if (numbers.length > MAX_NUMBERS) throw comparisonTooLarge(MAX_NUMBERS);
    const uncountedDays = daysWithout(file, ruleSets);
    const differences = compareSettings(theirs, ourSettings(ruleSets, numbers, titles, uncountedDays));
    const compared =
      differences.length > 0
        ? NOT_COMPARED
        : await this.compareNumbers(matched, numbers, theirs, ruleSets, uncountedDays.length);
    return {
      verdict: compared.total?.verdict ?? 'not_comparable',
      firstDay: file.firstDay,
      lastDay: file.lastDay,
      ruleSets: ruleSets.map(({ id, version }) => ({ id, version })),
      uncountedDays,
      differences,
      ...compared,
      unmatched: unmatched.map(({ row, reason }) => ({ ...row, reason })),
      ignoredColumns: file.ignoredColumns,
    };
  }

  /** What the rows are about, and the titles of the podcasts by their ids. */
  private async match(rows: readonly TheirRow[]) {
    const { sql, tenantId } = this.db.current;
    const texts = (column: 'episodeId' | 'guid' | 'title' | 'podcast') => [
      ...new Set(rows.map((row) => row[column]).filter((text) => text !== null)),
    ];
    const names = { ids: texts('episodeId'), guids: texts('guid'), titles: texts('title') };
    const episodes = await episodesNamed(sql, tenantId, names);
    const podcastIds = [...new Set(episodes.map(({ podcastId }) => podcastId))];
    const podcasts = await podcastsNamed(sql, tenantId, podcastIds, texts('podcast'));
    const { matched, unmatched } = matchRows(rows, { episodes, podcasts });
    const compared = new Set(matched.map(({ subject }) => subject.podcastId));
    const titles = new Map(podcasts.filter(({ id }) => compared.has(id)).map(({ id, title }) => [id, title]));
    return { matched, unmatched, titles };
  }

  private async compareNumbers(
    matched: readonly MatchedRow[],
    numbers: readonly DownloadNumber[],
    theirs: TheirDeclaration,
    ruleSets: readonly RuleSetDays[],
    uncountedDays: number,
  ): Promise<Compared> {
    const evidence = theirs.evidence === 'prefix_only' ? 'prefix_only' : 'origin_bytes';
    const ours = numbers.filter((number) => number.evidence === evidence);
    const { pairs, subjects, leftOut } = pairCounts(matched, ours);
    const reconciliation = reconcile(pairs);
    const causes = likelyCauses(reconciliation, theirs, {
      evidence,
      rules: ruleSets.map(({ rules }) => rules),
      networkDataLoaded: (await activeList(this.db.current.sql, 'networks')) !== undefined,
      uncountedDays,
    });
    return { ...reconciliation, subjects: withNames(reconciliation, subjects), causes, leftOut };
  }
}

type Compared = Pick<ReconciliationAnswer, 'total' | 'subjects' | 'days' | 'cells' | 'causes' | 'leftOut'>;

const NOT_COMPARED: Compared = { total: null, subjects: [], days: [], cells: [], causes: [], leftOut: [] };

function withNames({ subjects }: Reconciliation, named: readonly Subject[]): NamedComparison[] {
  const byId = new Map(named.map((subject) => [subject.id, subject]));
  return subjects.flatMap((comparison) => {
    const { level, title, podcastId } = byId.get(comparison.subjectId) ?? {};
    return level && title !== undefined && podcastId ? [{ level, title, podcastId, ...comparison }] : [];
  });
}

function ourSettings(
  ruleSets: readonly RuleSetDays[],
  numbers: readonly DownloadNumber[],
  titles: ReadonlyMap<string, string>,
  uncountedDays: readonly string[],
): OurSettings {
  const evidenceOf = (podcastId: string) => [
    ...new Set(numbers.filter((number) => number.podcastId === podcastId).map(({ evidence }) => evidence)),
  ];
  return {
    windows: [...new Set(ruleSets.map(({ rules }) => rules.window))],
    uncountedDays,
    podcasts: [...titles].map(([id, title]) => ({ title, evidence: evidenceOf(id) })),
  };
}

function daysWithout({ firstDay, lastDay }: TheirFile, ruleSets: readonly RuleSetDays[]): string[] {
  const counted = new Set(ruleSets.flatMap(({ days }) => days));
  const all: string[] = [];
  for (let at = Date.parse(firstDay); at <= Date.parse(lastDay); at += DAY_MS)
    all.push(utcDate(new Date(at)));
  return all.filter((day) => !counted.has(day));
}
