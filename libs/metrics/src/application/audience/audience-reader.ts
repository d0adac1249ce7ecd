import { Injectable } from '@nestjs/common';
import { TenantDb } from '@lib/database';
import { downloadHorizon, type MarkKind } from '@lib/time-series';
import { audiencePeriodExceeded, queryTooExpensive } from '../../domain/audience/audience.errors.js';
import {
  audienceParts,
  splitAtUtcDays,
  type AudienceKeys,
  type AudiencePart,
} from '../../domain/audience/audience-parts.js';
import { REQUEST_EVIDENCE, type RequestEvidence } from '../../domain/audience/request-evidence.js';
import {
  beforeDownloadHorizon,
  beforeRollupHorizon,
  episodeNotFound,
  podcastNotFound,
} from '../../domain/metrics.errors.js';
import type { CountedRange } from '../../domain/read-range.js';
import { audienceKeys } from '../../infrastructure/audience/audience-keys.sql.js';
import { keptRollups } from '../../infrastructure/retention/kept-rollups.sql.js';
import { downloadsIn, idsOfSketches } from '../../infrastructure/audience/audience-cost.sql.js';
import {
  rowRanges,
  sketchRanges,
  type AudienceFilter,
  type AudienceSet,
  type Show,
} from '../../infrastructure/audience/audience-sets.js';
import { audienceUnions, type AudienceUnion } from '../../infrastructure/audience/audience-unions.sql.js';
import { podcastExists } from '../../infrastructure/query-scope.sql.js';
import { QuestionReader, ROLLUP_STAGES, type AnswerFrame, type ReadQuestion } from '../question-reader.js';

/** What every question about listeners has: a range, a clock, and the shows whose listeners are meant. */
export interface AudienceQuestion {
  from: string;
  to: string;
  timeZone?: string | undefined;
  /** Podcasts; none is all of the network. */
  podcastIds?: readonly string[] | undefined;
  episodeId?: string | undefined;
  evidence?: RequestEvidence | undefined;
}

/** A question whose range was read, with what decides who is the same listener. */
export interface ReadAudience {
  readonly read: ReadQuestion;
  readonly keys: AudienceKeys;
  readonly levels: readonly RequestEvidence[];
}

/** One part for each level at which listeners can be told apart over a whole range. */
export interface WholeParts {
  readonly parts: ReadonlyMap<RequestEvidence, AudiencePart>;
  /** Levels at which they cannot: imports in the range have keys of their own. */
  readonly undetermined: readonly RequestEvidence[];
}

/** Rows, of downloads and ids in sketches, that one answer may take. */
export const AFFORDABLE_ROWS = 1_000_000;
const LONGEST_DAYS = 366;
const LONGEST = 'a year';
const AUDIENCE_STAGES: readonly MarkKind[] = [...ROLLUP_STAGES, 'audience'];

/** What questions about listeners have in common. Needs an open `TenantDb.run`. */
@Injectable()
export class AudienceReader {
  constructor(
    private readonly db: TenantDb,
    private readonly questions: QuestionReader,
  ) {}

  /** @throws DomainError as `QuestionReader.read`; a range is at most a year */
  async read({ podcastIds: _, evidence, ...question }: AudienceQuestion): Promise<ReadAudience> {
    const { sql, tenantId } = this.db.current;
    const read = await this.questions.read(question, LONGEST_DAYS, LONGEST);
    const levels = evidence === undefined ? REQUEST_EVIDENCE : [evidence];
    return { read, keys: await audienceKeys(sql, tenantId), levels };
  }

  /**
   * Says how fresh sketches and downloads of a range are, and which shows are meant; call it before they are read.
   *
   * @throws DomainError `podcast_not_found`, `episode_not_found` (404)
   */
  async prepare(
    { read }: ReadAudience,
    { podcastIds = [] }: AudienceQuestion,
    counted: CountedRange = read.range,
  ): Promise<{ frame: AnswerFrame; shows: Show[] }> {
    const { sql, tenantId } = this.db.current;
    const { frame, scope } = await this.questions.prepare(read, counted, AUDIENCE_STAGES);
    for (const id of podcastIds) if (!(await podcastExists(sql, tenantId, id))) throw podcastNotFound();
    if (scope.episodeId === null && podcastIds.length > 0)
      return { frame, shows: podcastIds.map((podcastId) => ({ podcastId, episodeId: null })) };
    if (scope.podcastId !== null && podcastIds.length > 0 && !podcastIds.includes(scope.podcastId))
      throw episodeNotFound();
    return { frame, shows: [scope] };
  }

  /**
   * The part that a whole range is, at each level.
   *
   * @throws DomainError `audience_period_exceeded` when it is longer than keys hold
   */
  wholeParts({ read: { range }, keys, levels }: ReadAudience): WholeParts {
    const [, next] = audienceParts(range, { ...keys, imports: [] }, 'prefix_only');
    if (next !== undefined)
      throw audiencePeriodExceeded(Math.floor(keys.periodDays / 2), next.ranges[0]?.from ?? range.to);
    const parts = new Map<RequestEvidence, AudiencePart>();
    for (const level of levels) {
      const [part, another] = audienceParts(range, keys, level);
      if (part !== undefined && another === undefined) parts.set(level, part);
    }
    return { parts, undetermined: levels.filter((level) => !parts.has(level)) };
  }

  /**
   * Refuses to read more than one answer may, as far as rollups and sketches tell beforehand.
   *
   * @throws DomainError `query_too_expensive` (422), which names what is affordable, `before_download_horizon`,
   * `before_day_horizon` (400) where sketches are gone
   */
  async affordSets(sets: readonly AudienceSet[], filter: AudienceFilter): Promise<void> {
    const { sql, tenantId } = this.db.current;
    const byRow = rowRanges(sets, filter);
    await this.requireSketches(sketchRanges(sets, filter));
    await this.requireKept(byRow, ', or for whole UTC days without app, device and country');
    const downloads = await downloadsIn(sql, tenantId, byRow);
    const ids = await idsOfSketches(sql, tenantId, sets, filter);
    if (downloads + ids <= AFFORDABLE_ROWS) return;
    throw queryTooExpensive(downloads + ids, AFFORDABLE_ROWS, alternativeTo(sets, filter, downloads > ids));
  }

  /** The listeners of sets. @throws DomainError as `affordSets` */
  async measure(
    sets: readonly AudienceSet[],
    { apps, devices, countries }: AudienceFilter,
  ): Promise<ReadonlyMap<AudienceSet, AudienceUnion>> {
    const { sql, tenantId } = this.db.current;
    const filter = { apps, devices, countries };
    await this.affordSets(sets, filter);
    return audienceUnions(sql, tenantId, sets, filter);
  }

  /** The same for downloads that are read row by row. `alternative` says in words what is affordable. */
  async affordDownloads(ranges: readonly CountedRange[], alternative: string): Promise<void> {
    const { sql, tenantId } = this.db.current;
    await this.requireKept(ranges, '');
    const downloads = await downloadsIn(sql, tenantId, ranges);
    if (downloads > AFFORDABLE_ROWS) throw queryTooExpensive(downloads, AFFORDABLE_ROWS, alternative);
  }

  /** From when on the listeners of whole UTC days are known, in UTC milliseconds; null where nothing was removed. */
  async sketchesFrom(): Promise<number | null> {
    const { sql, tenantId } = this.db.current;
    return (await keptRollups(sql, tenantId)).day;
  }

  private async requireSketches(ranges: readonly CountedRange[]): Promise<void> {
    const keptFrom = await this.sketchesFrom();
    if (keptFrom !== null && ranges.some(({ from }) => from < keptFrom))
      throw beforeRollupHorizon('day', keptFrom, 'for downloads by month');
  }

  private async requireKept(ranges: readonly CountedRange[], instead: string): Promise<void> {
    const { sql, tenantId } = this.db.current;
    const keptFrom = await downloadHorizon(sql, tenantId);
    if (keptFrom !== null && ranges.some(({ from }) => from < keptFrom.getTime()))
      throw beforeDownloadHorizon(keptFrom, instead);
  }
}

function alternativeTo(sets: readonly AudienceSet[], filter: AudienceFilter, byRow: boolean): string {
  if (!byRow) return 'ask for a shorter range, for fewer podcasts, or for the whole network';
  const cutsDays = sets.some(({ part }) =>
    part.ranges.some((range) => splitAtUtcDays(range).edges.length > 0),
  );
  const filtered = Object.values(filter).some((values) => values !== null);
  if (filtered) return 'ask without app, device and country, or for a shorter range';
  return cutsDays
    ? 'ask with timeZone=UTC, since whole UTC days are known without reading downloads, for a wider interval or for a ' +
        'shorter range'
    : 'ask for a shorter range';
}
