import { Injectable } from '@nestjs/common';
import { TenantDb } from '@lib/database';
import { localZone, type LocalZone } from '@lib/primitives';
import { TenantsService } from '@lib/tenants';
import type { MarkKind } from '@lib/time-series';
import { LISTEN_TIME, type Metric } from '../domain/event-metrics.js';
import { episodeNotFound, podcastNotFound } from '../domain/metrics.errors.js';
import { readRange, type CountedRange } from '../domain/read-range.js';
import type { KeptRollups } from '../domain/retention/kept-rollups.js';
import { answerFrame, type RollupState } from '../infrastructure/answer-frame.sql.js';
import { podcastExists, podcastOfEpisode } from '../infrastructure/query-scope.sql.js';
import { ORIGIN, type AnswerOrigin } from './serving/answer-origin.js';

/** What an event passes before it is in rollups. */
export const ROLLUP_STAGES: readonly MarkKind[] = ['count', 'slice'];

/** What an event passes before it is in the rollups of some metrics: what was heard follows later than counts. */
export function stagesOf(metrics: readonly Metric[]): readonly MarkKind[] {
  return metrics.includes(LISTEN_TIME) ? [...ROLLUP_STAGES, 'listening'] : ROLLUP_STAGES;
}

/** What every question about metrics has: a range, and whose numbers. */
export interface Question {
  from: string;
  to: string;
  /** IANA zone; the tenant's own when left out. */
  timeZone?: string | undefined;
  podcastId?: string | undefined;
  episodeId?: string | undefined;
}

/** What every answer says about itself. */
export interface AnswerFrame extends Omit<RollupState, 'version'> {
  timeZone: string;
  from: Date;
  to: Date;
  readonly [ORIGIN]?: AnswerOrigin;
}

/** Of which podcast and which episode; null is of all. */
export interface EpisodeScope {
  podcastId: string | null;
  episodeId: string | null;
}

/** A question whose range has been read. */
export interface ReadQuestion extends EpisodeScope {
  zone: LocalZone;
  range: CountedRange;
}

/** Reads and answers what all questions have in common. Needs an open `TenantDb.run`. */
@Injectable()
export class QuestionReader {
  constructor(
    private readonly db: TenantDb,
    private readonly tenants: TenantsService,
  ) {}

  /**
   * @param longestDays how long the range may be, and `longest` the same in words
   * @throws DomainError `invalid_range`, `unaligned_range`, `range_too_long`
   */
  async read(question: Question, longestDays: number, longest: string): Promise<ReadQuestion> {
    const zone = localZone(question.timeZone ?? (await this.tenants.get()).timeZone);
    const range = readRange(zone, question, longestDays, longest);
    const { podcastId, episodeId = null } = question;
    // Compared with ids as the database writes them.
    return { zone, range, podcastId: podcastId?.toLowerCase() ?? null, episodeId };
  }

  /**
   * Says how fresh the numbers are, which rows they come from and which are still there (`kept`, for `coverWithGrains`);
   * call it before they are read. `counted` is the range that they cover where that is more than the range asked for;
   * `stages` are what events pass to be in them.
   *
   * @throws DomainError `podcast_not_found`, `episode_not_found` (404)
   */
  async prepare(
    { zone, range, ...asked }: ReadQuestion,
    counted: CountedRange = range,
    stages: readonly MarkKind[] = ROLLUP_STAGES,
  ): Promise<{ frame: AnswerFrame; scope: EpisodeScope; kept: KeptRollups }> {
    const { sql, tenantId, replayedAt } = this.db.current;
    const { kept, ...state } = await answerFrame(sql, tenantId, range, counted, replayedAt ?? null, stages);
    const frame = {
      timeZone: zone.name,
      from: new Date(range.from),
      to: new Date(range.to),
      asOf: state.asOf,
      ruleSets: state.ruleSets,
      switchingDays: state.switchingDays,
      [ORIGIN]: { asked: range, counted, stages, state },
    };
    return { frame, scope: await this.scopeOf(asked), kept };
  }

  /** Both exist, and the episode is one of the podcast's. */
  private async scopeOf({ podcastId, episodeId }: EpisodeScope): Promise<EpisodeScope> {
    const { sql, tenantId } = this.db.current;
    if (podcastId !== null && !(await podcastExists(sql, tenantId, podcastId))) throw podcastNotFound();
    if (episodeId === null) return { podcastId, episodeId };
    const itsPodcast = await podcastOfEpisode(sql, tenantId, episodeId);
    if (itsPodcast === undefined || (podcastId !== null && itsPodcast !== podcastId)) throw episodeNotFound();
    return { podcastId: itsPodcast, episodeId };
  }
}
