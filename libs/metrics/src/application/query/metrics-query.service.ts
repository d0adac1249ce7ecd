import { Injectable } from '@nestjs/common';
import { TenantDb } from '@lib/database';
import type { MarkKind } from '@lib/time-series';
import { metricLevels, type MetricLevel } from '../../domain/event-metrics.js';
import { affordableAlternative, localBuckets, type Interval } from '../../domain/local-buckets.js';
import { tooManyBuckets } from '../../domain/metrics.errors.js';
import { previousRange } from '../../domain/previous-range.js';
import type { Grouping, QueryMetric, QueryShape } from '../../domain/query/metrics-query.js';
import { tooManyPoints } from '../../domain/query/query.errors.js';
import { queryGroups, type QueryGroup } from '../../infrastructure/query/query-groups.sql.js';
import {
  QuestionReader,
  ROLLUP_STAGES,
  stagesOf,
  type AnswerFrame,
  type Question,
  type ReadQuestion,
} from '../question-reader.js';
import { LONGEST, LONGEST_DAYS, MAX_BUCKETS } from '../series.service.js';
import { changeRatio } from '../totals.service.js';
import type { Listeners } from '../audience/listeners-of.js';
import { QueryCursors } from './query-cursors.js';
import { planQuery, querySource } from './query-plan.js';

export interface MetricsQuery extends QueryShape, Pick<Question, 'from' | 'to' | 'timeZone'> {
  compare: boolean;
  limit: number;
  cursor?: string | undefined;
}

/** What a row is about, besides its metric and level: only what was asked for. */
export interface RowGroup {
  podcastId?: string;
  podcastTitle?: string;
  episodeId?: string;
  episodeTitle?: string;
  app?: string;
  device?: string;
  country?: string;
}

/** The numbers of a group at one level. */
export interface QueryRow extends Omit<MetricLevel, 'metric'> {
  metric: QueryMetric;
  group: RowGroup;
  /** Null of listeners of whom only bounds are known, as in all that follows. */
  value: number | null;
  previousValue: number | null;
  change: number | null;
  values: (number | null)[] | null;
  /** How sure a number of listeners is; other metrics have none of these. */
  listeners?: Listeners;
  previousListeners?: Listeners | null;
  listenersByBucket?: Listeners[] | null;
}

export interface MetricsQueryAnswer extends AnswerFrame {
  interval: Interval | null;
  by: readonly Grouping[];
  previous: { from: Date; to: Date } | null;
  /** Starts of the buckets that the values of a row belong to; null without an interval. */
  buckets: { start: string; startUtc: string }[] | null;
  rows: QueryRow[];
  next: string | null;
}

/** Numbers in one answer: rows by buckets. */
export const MAX_POINTS = 40_000;

/** The one grammar of questions about metrics. */
@Injectable()
export class MetricsQueryService {
  constructor(
    private readonly db: TenantDb,
    private readonly questions: QuestionReader,
    private readonly cursors: QueryCursors,
  ) {}

  /**
   * Rows by metric, level of evidence and up to two groupings, in a total order, a page at a time.
   *
   * @throws DomainError `too_many_buckets`, `too_many_points`, `invalid_cursor` and what `planQuery` and `QuestionReader`
   * throw
   */
  async answer(query: MetricsQuery): Promise<MetricsQueryAnswer> {
    const { cursor, limit, from, to, timeZone } = query;
    const question = whatIsAsked(query);
    const { sql, tenantId } = this.db.current;
    const source = querySource(query);
    const read = await this.questions.read({ from, to, timeZone }, LONGEST_DAYS, LONGEST);
    const after = cursor === undefined ? undefined : this.cursors.read(tenantId, question, cursor);
    const starts = affordableStarts(read, query);
    const previous = query.compare ? previousRange(read.zone, read.range) : null;
    const first = previous?.from ?? read.range.from;
    const { frame, kept } = await this.questions.prepare(
      read,
      { ...read.range, from: first },
      source === 'totals' ? stagesOf(query.metrics) : DIMENSION_STAGES,
    );
    const buckets = {
      starts: previous === null ? starts : [previous.from, ...starts],
      bucketsBefore: previous === null ? 0 : 1,
      to: read.range.to,
    };
    const reading = await planQuery(sql, tenantId, query, buckets, kept);
    const levels = metricLevels(query.metrics).filter(
      ({ evidence }) => query.evidence === undefined || query.evidence.includes(evidence),
    );
    const groups = await queryGroups(sql, tenantId, query, levels, reading, { limit: limit + 1, after });
    const last = groups.length > limit ? groups[limit - 1] : undefined;
    return {
      ...frame,
      interval: query.interval ?? null,
      by: query.by,
      previous: previous && { from: new Date(previous.from), to: new Date(previous.to) },
      buckets: query.interval === undefined ? null : labelsOf(read, starts),
      rows: groups.slice(0, limit).flatMap((group) => {
        const level = levels[group.level - 1];
        return level === undefined ? [] : [{ ...level, ...numbersOf(group, query, starts.length) }];
      }),
      next: last === undefined ? null : this.cursors.write(tenantId, question, last),
    };
  }
}

/** What an event passes before it is in rollups by dimension. */
const DIMENSION_STAGES: readonly MarkKind[] = [...ROLLUP_STAGES, 'agents', 'dimension'];

/** All that has to be the same on every page. */
export function whatIsAsked(query: MetricsQuery): unknown[] {
  const { from, to, timeZone, metrics, by, interval, order, compare } = query;
  const { podcastIds, episodeIds, evidence, app, device, country } = query;
  const filters = [podcastIds, episodeIds, evidence, app, device, country];
  return [from, to, timeZone, metrics, by, interval, order, compare, filters];
}

/** The starts of the buckets asked for; of the one, where there is no interval. */
function affordableStarts({ zone, range: { from, to } }: ReadQuestion, query: MetricsQuery): number[] {
  const { interval, limit } = query;
  if (interval === undefined) return [from];
  const starts = localBuckets(zone, interval, from, to, MAX_BUCKETS + 1);
  if (starts.length > MAX_BUCKETS)
    throw tooManyBuckets(MAX_BUCKETS, affordableAlternative(interval, to - from, MAX_BUCKETS));
  if (starts.length * limit > MAX_POINTS) throw tooManyPoints(limit, Math.floor(MAX_POINTS / starts.length));
  return starts;
}

/** Starts of buckets, by the local clock and in UTC. */
export function labelsOf(
  { zone }: Pick<ReadQuestion, 'zone'>,
  starts: readonly number[],
): { start: string; startUtc: string }[] {
  return starts.map((at) => ({ start: zone.label(at), startUtc: new Date(at).toISOString() }));
}

function numbersOf(group: QueryGroup, { by, compare, interval }: MetricsQuery, buckets: number) {
  const { value, counts } = group;
  const previousValue = compare ? group.previous : null;
  const before = compare ? 1 : 0;
  return {
    group: { ...nameGroup(by[0], group.key1, group.name1), ...nameGroup(by[1], group.key2, group.name2) },
    value,
    previousValue,
    change: changeRatio(value, previousValue),
    values:
      interval === undefined ? null : Array.from({ length: buckets }, (_, n) => counts?.[n + before] ?? 0),
  };
}

function nameGroup(grouping: Grouping | undefined, key: string, name: string): RowGroup {
  if (grouping === undefined) return {};
  if (grouping === 'podcast') return { podcastId: key, podcastTitle: name };
  if (grouping === 'episode') return { episodeId: key, episodeTitle: name };
  return { [grouping]: key };
}
