import { Injectable } from '@nestjs/common';
import { TenantDb } from '@lib/database';
import { DAY_MS, type TenantId } from '@lib/primitives';
import { downloadHorizon } from '@lib/time-series';
import {
  compareSettings,
  type OurSettings,
  type SettingDifference,
} from '../domain/reconciliation/compare-settings.js';
import { likelyCauses, type OurPractices } from '../domain/reconciliation/likely-causes.js';
import { localDays, utcDaysOf, type LocalDays } from '../domain/reconciliation/local-days.js';
import {
  matchRows,
  type MatchedRow,
  type Subject,
  type TheirRow,
} from '../domain/reconciliation/match-rows.js';
import { pairCounts } from '../domain/reconciliation/pair-counts.js';
import { reconcile, type Reconciliation } from '../domain/reconciliation/reconcile.js';
import { changesBehindCauses, changesBehindDifferences } from '../domain/reconciliation/rule-changes.js';
import { beforeDownloadHorizon, comparisonTooLarge } from '../domain/reconciliation/their-file.errors.js';
import { countedDays, type RuleSetDays } from '../infrastructure/counted-days.sql.js';
import { episodesNamed, podcastsNamed } from '../infrastructure/known-subjects.sql.js';
import { activeList } from '../infrastructure/lists.sql.js';
import { localDownloads, type LocalDownloads } from '../infrastructure/local-downloads.sql.js';
import { readTheirFile, type TheirFile } from '../infrastructure/read-their-file.js';
import type { NamedComparison, ReconciliationAnswer, TheirDeclaration } from './reconciliation-answer.js';
import { RuleEffectsService, type ComparedDownloads } from './rule-effects.js';

/** Numbers of ours that one comparison reads. */
const MAX_NUMBERS = 50_000;

/** Compares our downloads with those that another party has counted. Stores nothing. */
@Injectable()
export class ReconciliationService {
  constructor(
    private readonly db: TenantDb,
    private readonly effects: RuleEffectsService,
  ) {}

  /**
   * Reads the other party's CSV and compares. Opens its own transaction.
   * @throws DomainError (422) naming line and column of what the file has wrong; `comparison_too_large`,
   *   `before_download_horizon` (422)
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
    const days = localDays(theirs.timeZone, file.firstDay, file.lastDay);
    const utcDays = utcDaysOf(days);
    const downloadsFrom = await downloadHorizon(sql, tenantId);
    if (downloadsFrom !== null && new Date(days.starts[0] ?? 0) < downloadsFrom)
      throw beforeDownloadHorizon(downloadsFrom);
    const ruleSets = await countedDays(sql, tenantId, utcDays[0] ?? '', utcDays.at(-1) ?? '');
    const numbers = await localDownloads(sql, tenantId, days, [...titles.keys()], MAX_NUMBERS + 1);
    if (numbers.length > MAX_NUMBERS) throw comparisonTooLarge(MAX_NUMBERS);
    const counted = new Set(ruleSets.flatMap((ruleSet) => ruleSet.days));
    const uncountedDays = utcDays.filter((day) => !counted.has(day));
    const differences = compareSettings(theirs, ourSettings(ruleSets, numbers, titles, uncountedDays));
    const ours = { matched, numbers, days, ruleSets, uncountedDays: uncountedDays.length };
    const compared =
      differences.length > 0
        ? await this.explainDifferences(differences, theirs, ours)
        : await this.compareNumbers(theirs, ours);
    return {
      verdict: compared.total?.verdict ?? 'not_comparable',
      timeZone: theirs.timeZone,
      firstDay: file.firstDay,
      lastDay: file.lastDay,
      ruleSets: ruleSets.map(({ id, version }) => ({ id, version })),
      uncountedDays,
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

  private async compareNumbers(theirs: TheirDeclaration, ours: OurNumbers): Promise<Compared> {
    const compared = comparedDownloads(theirs, ours);
    const { pairs, subjects, leftOut } = pairCounts(
      ours.matched,
      ours.numbers.filter(({ evidence }) => evidence === compared.evidence),
    );
    const reconciliation = reconcile(pairs);
    const causes = likelyCauses(reconciliation, theirs, await this.practices(compared, ours));
    const changes = changesBehindCauses(causes, compared.isRolling);
    const { recounted, effects } = await this.effects.of(compared, changes);
    return {
      ...reconciliation,
      differences: [],
      subjects: withNames(reconciliation, subjects),
      causes: causes.map((cause) => ({ ...cause, effect: effects.get(cause.code) ?? null })),
      recounted,
      leftOut,
    };
  }

  /** Compares nothing, but says what our number would be by their settings. */
  private async explainDifferences(
    differences: readonly SettingDifference[],
    theirs: TheirDeclaration,
    ours: OurNumbers,
  ): Promise<Compared> {
    const compared = comparedDownloads(theirs, ours);
    const changes = changesBehindDifferences(differences, theirs);
    const { recounted, effects } = await this.effects.of(compared, changes);
    return {
      ...NOT_COMPARED,
      recounted,
      differences: differences.map((difference) => ({
        ...difference,
        effect: effects.get(difference.setting) ?? null,
      })),
    };
  }

  private async practices(
    { evidence, days }: ComparedDownloads,
    { ruleSets, uncountedDays }: OurNumbers,
  ): Promise<OurPractices> {
    return {
      evidence,
      rules: ruleSets.map(({ rules }) => rules),
      networkDataLoaded: (await activeList(this.db.current.sql, 'networks')) !== undefined,
      uncountedDays,
      sameDays: days.starts.every((start) => start.getTime() % DAY_MS === 0),
    };
  }
}

type Compared = Pick<
  ReconciliationAnswer,
  'differences' | 'total' | 'subjects' | 'days' | 'cells' | 'causes' | 'recounted' | 'leftOut'
>;

const NOT_COMPARED = { total: null, subjects: [], days: [], cells: [], causes: [], leftOut: [] };

/** What there is on our side for the rows of the file. */
interface OurNumbers {
  readonly matched: readonly MatchedRow[];
  readonly numbers: readonly LocalDownloads[];
  readonly days: LocalDays;
  readonly ruleSets: readonly RuleSetDays[];
  readonly uncountedDays: number;
}

function comparedDownloads(
  theirs: TheirDeclaration,
  { matched, days, ruleSets }: OurNumbers,
): ComparedDownloads {
  const rolling = [theirs.window, ...ruleSets.map(({ rules }) => rules.window)].some((window) =>
    window.endsWith('touch'),
  );
  return {
    days,
    evidence: theirs.evidence === 'prefix_only' ? 'prefix_only' : 'origin_bytes',
    subjects: matched.map(({ subject }) => subject),
    isRolling: rolling,
  };
}

function withNames({ subjects }: Reconciliation, named: readonly Subject[]): NamedComparison[] {
  const byId = new Map(named.map((subject) => [subject.id, subject]));
  return subjects.flatMap((comparison) => {
    const { level, title, podcastId } = byId.get(comparison.subjectId) ?? {};
    return level && title !== undefined && podcastId ? [{ level, title, podcastId, ...comparison }] : [];
  });
}

function ourSettings(
  ruleSets: readonly RuleSetDays[],
  numbers: readonly LocalDownloads[],
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
