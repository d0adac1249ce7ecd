import { Injectable } from '@nestjs/common';
import { TenantDb } from '@lib/database';
import { coverWithGrains } from '../domain/cover-with-grains.js';
import { metricLevels, type Evidence, type Metric, type MetricLevel } from '../domain/event-metrics.js';
import { episodeRanking, type RankedEpisode } from '../infrastructure/episode-ranking.sql.js';
import { QuestionReader, stagesOf, type AnswerFrame, type Question } from './question-reader.js';
import { LONGEST, LONGEST_DAYS } from './series.service.js';

export interface TopEpisodesQuestion extends Question {
  metric: Metric;
  evidence?: Evidence | undefined;
  limit: number;
}

export interface TopEpisodesAnswer extends AnswerFrame {
  rankings: (MetricLevel & {
    /** Of every episode in the scope, those beyond the limit included. */
    total: number;
    episodes: (Omit<RankedEpisode, 'evidence' | 'total'> & { share: number })[];
  })[];
}

/** Which episodes had the most events. */
@Injectable()
export class TopEpisodesService {
  constructor(
    private readonly db: TenantDb,
    private readonly questions: QuestionReader,
  ) {}

  /** One ranking for each level of evidence: counts of different levels are never compared. */
  async answer(question: TopEpisodesQuestion): Promise<TopEpisodesAnswer> {
    const read = await this.questions.read(question, LONGEST_DAYS, LONGEST);
    const { frame, scope, kept } = await this.questions.prepare(
      read,
      read.range,
      stagesOf([question.metric]),
    );
    const { sql, tenantId } = this.db.current;
    const rowsAsked = { ...scope, metrics: [question.metric], evidence: question.evidence ?? null };
    const stretches = coverWithGrains([read.range.from], read.range.to, kept);
    const rows = await episodeRanking(sql, tenantId, stretches, rowsAsked, question.limit);
    const rankings = metricLevels([question.metric], question.evidence).map((level) => {
      const ofLevel = rows.filter(({ evidence }) => evidence === level.evidence);
      const episodes = ofLevel.map(({ evidence: _, total, ...episode }) => ({
        ...episode,
        share: episode.value / total,
      }));
      return { ...level, total: ofLevel[0]?.total ?? 0, episodes };
    });
    return { ...frame, rankings };
  }
}
