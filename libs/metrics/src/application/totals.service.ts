import { Injectable } from '@nestjs/common';
import { TenantDb } from '@lib/database';
import { coverWithGrains } from '../domain/cover-with-grains.js';
import { METRICS, metricLevels, type MetricLevel } from '../domain/event-metrics.js';
import { previousRange } from '../domain/previous-range.js';
import { eventSeries, valuesOf } from '../infrastructure/event-series.sql.js';
import { QuestionReader, stagesOf, type AnswerFrame, type Question } from './question-reader.js';
import { LONGEST, LONGEST_DAYS } from './series.service.js';

export interface TotalsAnswer extends AnswerFrame {
  /** The range compared with, or null. */
  previous: { from: Date; to: Date } | null;
  totals: (MetricLevel & {
    value: number;
    previousValue: number | null;
    /** `(value − previousValue) / previousValue`, or null where there is nothing to divide by. */
    change: number | null;
  })[];
}

/** Event counts of a whole range, and of the range before it. */
@Injectable()
export class TotalsService {
  constructor(
    private readonly db: TenantDb,
    private readonly questions: QuestionReader,
  ) {}

  /** One total for each metric and level of evidence, zeros included. */
  async answer(question: Question, compare: boolean): Promise<TotalsAnswer> {
    const read = await this.questions.read(question, LONGEST_DAYS, LONGEST);
    const previous = compare ? previousRange(read.zone, read.range) : null;
    const starts = previous === null ? [read.range.from] : [previous.from, read.range.from];
    const { frame, scope, kept } = await this.questions.prepare(
      read,
      { ...read.range, from: Math.min(...starts) },
      stagesOf(METRICS),
    );
    const { sql, tenantId } = this.db.current;
    const counted = await eventSeries(sql, tenantId, starts, coverWithGrains(starts, read.range.to, kept), {
      ...scope,
      metrics: METRICS,
      evidence: null,
    });
    const totals = metricLevels(METRICS).map((level) => {
      const values = valuesOf(counted, level) ?? starts.map(() => 0);
      const value = values.at(-1) ?? 0;
      const previousValue = previous === null ? null : (values[0] ?? 0);
      return { ...level, value, previousValue, change: changeRatio(value, previousValue) };
    });
    return {
      ...frame,
      previous: previous && { from: new Date(previous.from), to: new Date(previous.to) },
      totals,
    };
  }
}

/** By how much a number has changed, as a share of what it was; null where there is nothing to divide by. */
export function changeRatio(value: number, previous: number | null): number | null {
  return previous === null || previous === 0 ? null : (value - previous) / previous;
}
