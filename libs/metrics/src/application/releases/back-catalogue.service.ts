import { Injectable } from '@nestjs/common';
import { TenantDb } from '@lib/database';
import { DAY_MS } from '@lib/primitives';
import { coverWithGrains, type GrainStretch } from '../../domain/cover-with-grains.js';
import { metricLevels, type Evidence, type MetricLevel } from '../../domain/event-metrics.js';
import { affordableAlternative, localBuckets, type Interval } from '../../domain/local-buckets.js';
import { answerTooCostly, tooManyBuckets } from '../../domain/metrics.errors.js';
import { catalogueCount, type CatalogueCount } from '../../domain/releases/back-catalogue.js';
import { groupBy } from '../../domain/releases/group-by.js';
import { AGE_STEPS, oldFrom, type AgeStep } from '../../domain/releases/old-from.js';
import { rowsToRead } from '../../domain/releases/rows-to-read.js';
import type { KeptRollups } from '../../domain/retention/kept-rollups.js';
import {
  sumEpisodeStretches,
  type EpisodeStretch,
} from '../../infrastructure/releases/episode-stretches.sql.js';
import { sumPodcastStretches } from '../../infrastructure/releases/podcast-stretches.sql.js';
import {
  countPodcasts,
  youngEpisodes,
  type YoungEpisode,
} from '../../infrastructure/releases/young-episodes.sql.js';
import { QuestionReader, type AnswerFrame, type Question } from '../question-reader.js';
import { LONGEST, LONGEST_DAYS, MAX_BUCKETS } from '../series.service.js';

export interface BackCatalogueQuestion extends Omit<Question, 'episodeId'> {
  /** From this age in days on an episode belongs to the back catalogue. */
  olderThanDays: number;
  interval?: Interval | undefined;
}

/** The back catalogue's part at one evidence level. */
export interface CatalogueLevel extends MetricLevel, CatalogueCount {
  podcasts: ({ podcastId: string } & CatalogueCount)[];
  /** By the interval; empty without one. */
  points: ({ start: string; startUtc: string } & CatalogueCount)[];
}

export interface BackCatalogueAnswer extends AnswerFrame {
  olderThanDays: number;
  interval: Interval | null;
  /** How exactly an episode turns old; coarser where retention has removed counts of then. */
  agesBy: AgeStep;
  levels: CatalogueLevel[];
}

/** Rollup rows that one answer may read. */
const MOST_ROWS = 400_000;

/** Downloads of a podcast in one bucket, and those of them that are not of the back catalogue. */
interface Piece {
  podcastId: string;
  evidence: Evidence;
  bucket: number;
  downloads: number;
  of: 'all' | 'young' | 'undated';
}

/** How much of what is downloaded is old. */
@Injectable()
export class BackCatalogueService {
  constructor(
    private readonly db: TenantDb,
    private readonly questions: QuestionReader,
  ) {}

  /**
   * The share of downloads whose episode was older than some days of 24 hours at the time of the download. What was
   * downloaded before its publication is not.
   *
   * @throws DomainError `too_many_buckets`, `answer_too_costly` (400), what `QuestionReader` throws, and `before_…_horizon`
   * (400) where rollups are gone
   */
  async answer(question: BackCatalogueQuestion): Promise<BackCatalogueAnswer> {
    const { olderThanDays, interval = null } = question;
    const read = await this.questions.read({ ...question, episodeId: undefined }, LONGEST_DAYS, LONGEST);
    const { from, to } = read.range;
    const starts = interval === null ? [from] : localBuckets(read.zone, interval, from, to, MAX_BUCKETS + 1);
    if (interval !== null && starts.length > MAX_BUCKETS)
      throw tooManyBuckets(MAX_BUCKETS, affordableAlternative(interval, to - from, MAX_BUCKETS));
    const { frame, scope, kept } = await this.questions.prepare(read);
    const { pieces, agesBy } = await this.count(scope.podcastId, starts, to, olderThanDays * DAY_MS, kept);
    const labels = starts.map((at) => ({ start: read.zone.label(at), startUtc: new Date(at).toISOString() }));
    const levels = metricLevels(['downloads']).map((level) => {
      const ofLevel = pieces.filter(({ evidence }) => evidence === level.evidence);
      const podcasts = [...groupBy(ofLevel, ({ podcastId }) => podcastId)]
        .map(([podcastId, some]) => ({ podcastId, ...addUp(some) }))
        .sort((a, b) => b.downloads - a.downloads || a.podcastId.localeCompare(b.podcastId));
      const byBucket = groupBy(ofLevel, ({ bucket }) => bucket);
      const points = labels.map((label, bucket) => ({ ...label, ...addUp(byBucket.get(bucket) ?? []) }));
      return { ...level, ...addUp(ofLevel), podcasts, points: interval === null ? [] : points };
    });
    return { ...frame, olderThanDays, interval, agesBy, levels };
  }

  private async count(
    podcastId: string | null,
    starts: readonly number[],
    to: number,
    limitMs: number,
    kept: KeptRollups,
  ): Promise<{ pieces: Piece[]; agesBy: AgeStep }> {
    const { sql, tenantId } = this.db.current;
    const from = starts[0] ?? to;
    const whole = coverWithGrains(starts, to, kept);
    const episodes = await youngEpisodes(sql, tenantId, podcastId, new Date(from - limitMs - DAY_MS));
    const ages = episodes.map((episode) => stretchesOf(episode, { starts, to, limitMs, whole, kept }));
    const stretches = ages.flatMap((each) => each.stretches);
    const agesBy = AGE_STEPS.findLast((step) => ages.some((each) => each.step === step)) ?? 'quarter_hour';
    const podcasts = podcastId === null ? await countPodcasts(sql, tenantId) : 1;
    const rows = rowsToRead(whole) * podcasts + rowsToRead(stretches);
    if (rows > MOST_ROWS)
      throw answerTooCostly(rows, MOST_ROWS, 'a shorter range, one podcast, or no interval');
    const byId = new Map(episodes.map((episode) => [episode.id, episode]));
    const totals = await sumPodcastStretches(sql, tenantId, podcastId, whole, starts);
    const parts = await sumEpisodeStretches(sql, tenantId, stretches, starts);
    const pieces = [
      ...totals.map((row) => ({ ...row, of: 'all' as const })),
      ...parts.flatMap(({ episodeId, ...row }) => {
        const episode = byId.get(episodeId);
        if (episode === undefined) return [];
        const of = episode.startedAt === null ? ('undated' as const) : ('young' as const);
        return [{ ...row, podcastId: episode.podcastId, of }];
      }),
    ];
    return { pieces, agesBy };
  }
}

/** Buckets until `to`, all rows that they take, and when an episode of it is old. */
interface CatalogueRange {
  readonly starts: readonly number[];
  readonly to: number;
  readonly limitMs: number;
  readonly whole: readonly GrainStretch[];
  readonly kept: KeptRollups;
}

/** Where an episode is not of the back catalogue: until it has reached the age, or everywhere where it has no date. */
function stretchesOf(
  { id, startedAt }: YoungEpisode,
  { starts, to, limitMs, whole, kept }: CatalogueRange,
): { stretches: EpisodeStretch[]; step?: AgeStep } {
  if (startedAt === null) return { stretches: whole.map((stretch) => ({ episodeId: id, ...stretch })) };
  const { at, step } = oldFrom(startedAt.getTime() + limitMs, kept);
  const end = Math.min(to, at);
  const within = starts.filter((start) => start < end);
  if (within.length === 0) return { stretches: [] };
  const stretches = coverWithGrains(within, end, kept).map((stretch) => ({ episodeId: id, ...stretch }));
  return at < to ? { stretches, step } : { stretches };
}

function addUp(pieces: readonly Piece[]): CatalogueCount {
  const sum = (part: Piece['of']) =>
    pieces.reduce((total, { of, downloads }) => total + (of === part ? downloads : 0), 0);
  return catalogueCount(sum('all'), sum('young'), sum('undated'));
}
