import { Injectable } from '@nestjs/common';
import { TenantDb } from '@lib/database';
import { coverWithGrains } from '../domain/cover-with-grains.js';
import { metricLevels, type Evidence, type Metric, type MetricLevel } from '../domain/event-metrics.js';
import { affordableAlternative, localBuckets, type Interval } from '../domain/local-buckets.js';
import { tooManyBuckets } from '../domain/metrics.errors.js';
import { eventSeries, valuesOf } from '../infrastructure/event-series.sql.js';
import {
  QuestionReader,
  stagesOf,
  type AnswerFrame,
  type Question,
  type ReadQuestion,
} from './question-reader.js';

export interface SeriesQuestion extends Question {
  metrics: readonly Metric[];
  interval: Interval;
  evidence?: Evidence | undefined;
}

export interface SeriesAnswer extends AnswerFrame {
  interval: Interval;
  series: (MetricLevel & { points: { start: string; startUtc: string; value: number }[] })[];
}

/** Points of one series in one answer. */
export const MAX_BUCKETS = 800;
/** Ten years, three leap days included, and how that reads. */
export const LONGEST_DAYS = 3_653;
export const LONGEST = '10 years';

/** Event counts over time. */
@Injectable()
export class SeriesService {
  constructor(
    private readonly db: TenantDb,
    private readonly questions: QuestionReader,
  ) {}

  /**
   * Counts by bucket of the local clock; buckets without events are there with 0. Every level of evidence is a series of
   * its own.
   *
   * @throws DomainError `too_many_buckets` and what `QuestionReader` throws
   */
  async answer(question: SeriesQuestion): Promise<SeriesAnswer> {
    const read = await this.questions.read(question, LONGEST_DAYS, LONGEST);
    const starts = affordableBuckets(read, question.interval);
    const { frame, scope, kept } = await this.questions.prepare(read, read.range, stagesOf(question.metrics));
    const { sql, tenantId } = this.db.current;
    const counted = await eventSeries(sql, tenantId, starts, coverWithGrains(starts, read.range.to, kept), {
      ...scope,
      metrics: question.metrics,
      evidence: question.evidence ?? null,
    });
    const labels = starts.map((at) => ({ start: read.zone.label(at), startUtc: new Date(at).toISOString() }));
    const series = metricLevels(question.metrics, question.evidence).map((level) => {
      const values = valuesOf(counted, level);
      const points = labels.map(({ start, startUtc }, n) => ({ start, startUtc, value: values?.[n] ?? 0 }));
      return { ...level, points };
    });
    return { ...frame, interval: question.interval, series };
  }
}

function affordableBuckets({ zone, range: { from, to } }: ReadQuestion, interval: Interval): number[] {
  const starts = localBuckets(zone, interval, from, to, MAX_BUCKETS + 1);
  if (starts.length <= MAX_BUCKETS) return starts;
  throw tooManyBuckets(MAX_BUCKETS, affordableAlternative(interval, to - from, MAX_BUCKETS));
}
