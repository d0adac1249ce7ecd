import { Injectable } from '@nestjs/common';
import { TenantDb } from '@lib/database';
import { rawHorizon } from '@lib/time-series';
import { coverWithGrains } from '../domain/cover-with-grains.js';
import { EVENT_METRICS, metricLevels, type MetricLevel } from '../domain/event-metrics.js';
import { beforeRawHorizon } from '../domain/metrics.errors.js';
import { eventSeries, valuesOf } from '../infrastructure/event-series.sql.js';
import { rawCounts } from '../infrastructure/raw-counts.sql.js';
import { QuestionReader, type AnswerFrame, type Question } from './question-reader.js';

export interface RecountAnswer extends AnswerFrame {
  equal: boolean;
  counts: (MetricLevel & { rollup: number; raw: number; equal: boolean })[];
}

const LONGEST_DAYS = 31;

/** Counts the same events twice, from rollups and from raw rows, so that anyone can check one against the other. */
@Injectable()
export class RecountService {
  constructor(
    private readonly db: TenantDb,
    private readonly questions: QuestionReader,
  ) {}

  /** Both counts come from one snapshot. They may differ only by events that `asOf` does not cover. */
  async answer(question: Question): Promise<RecountAnswer> {
    const read = await this.questions.read(question, LONGEST_DAYS, '31 days');
    const { frame, scope } = await this.questions.prepare(read);
    const { sql, tenantId } = this.db.current;
    const rawFrom = await rawHorizon(sql, tenantId);
    if (rawFrom !== null && frame.from < rawFrom) throw beforeRawHorizon(rawFrom);
    const starts = [read.range.from];
    const rowsAsked = { ...scope, metrics: EVENT_METRICS, evidence: null };
    const rollups = await eventSeries(
      sql,
      tenantId,
      starts,
      coverWithGrains(starts, read.range.to),
      rowsAsked,
    );
    const raws = await rawCounts(sql, tenantId, frame, scope);
    const counts = metricLevels(EVENT_METRICS).map((level) => {
      const rollup = valuesOf(rollups, level)?.[0] ?? 0;
      const raw =
        raws.find((one) => one.metric === level.metric && one.evidence === level.evidence)?.value ?? 0;
      return { ...level, rollup, raw, equal: rollup === raw };
    });
    return { ...frame, equal: counts.every(({ equal }) => equal), counts };
  }
}
