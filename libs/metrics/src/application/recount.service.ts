import { Injectable } from '@nestjs/common';
import { TenantDb } from '@lib/database';
import { rawHorizon } from '@lib/time-series';
import { coverWithGrains } from '../domain/cover-with-grains.js';
import {
  EVENT_METRICS,
  LISTEN_TIME,
  METRICS,
  metricLevels,
  type Metric,
  type MetricLevel,
} from '../domain/event-metrics.js';
import { MAX_GAP_MS } from '../domain/listening/heard-stretch.js';
import { beforeRawHorizon } from '../domain/metrics.errors.js';
import { eventSeries, valuesOf } from '../infrastructure/event-series.sql.js';
import { rawListenTime } from '../infrastructure/listening/raw-listen-time.sql.js';
import { rawCounts } from '../infrastructure/raw-counts.sql.js';
import { QuestionReader, stagesOf, type AnswerFrame, type Question } from './question-reader.js';

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

  /**
   * Both counts come from one snapshot. Listen time is left out of a range that begins less than 5 minutes after the oldest
   * raw event that is kept. They may differ only by events that `asOf` does not
   * cover.
   */
  async answer(question: Question): Promise<RecountAnswer> {
    const read = await this.questions.read(question, LONGEST_DAYS, '31 days');
    const { frame, scope, kept } = await this.questions.prepare(read, read.range, stagesOf(METRICS));
    const { sql, tenantId } = this.db.current;
    const rawFrom = await rawHorizon(sql, tenantId);
    if (rawFrom !== null && frame.from < rawFrom) throw beforeRawHorizon(rawFrom);
    const starts = [read.range.from];
    // What was heard right after the horizon follows from events that are gone.
    const canHear = rawFrom === null || read.range.from - MAX_GAP_MS >= rawFrom.getTime();
    const metrics: readonly Metric[] = canHear ? [...EVENT_METRICS, LISTEN_TIME] : EVENT_METRICS;
    const rowsAsked = { ...scope, metrics, evidence: null };
    const rollups = await eventSeries(
      sql,
      tenantId,
      starts,
      coverWithGrains(starts, read.range.to, kept),
      rowsAsked,
    );
    const raws = await rawCounts(sql, tenantId, frame, scope);
    const heardMs = canHear ? await rawListenTime(sql, tenantId, frame, scope) : 0;
    const rawOf = ({ metric, evidence }: MetricLevel) =>
      metric === LISTEN_TIME
        ? heardMs
        : (raws.find((one) => one.metric === metric && one.evidence === evidence)?.value ?? 0);
    const counts = metricLevels(metrics).map((level) => {
      const rollup = valuesOf(rollups, level)?.[0] ?? 0;
      const raw = rawOf(level);
      return { ...level, rollup, raw, equal: rollup === raw };
    });
    return { ...frame, equal: counts.every(({ equal }) => equal), counts };
  }
}
