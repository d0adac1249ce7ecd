import { Injectable } from '@nestjs/common';
import { audienceParts } from '../../domain/audience/audience-parts.js';
import type { RequestEvidence } from '../../domain/audience/request-evidence.js';
import { affordableAlternative, localBuckets, type Interval } from '../../domain/local-buckets.js';
import { tooManyBuckets } from '../../domain/metrics.errors.js';
import type { CountedRange } from '../../domain/read-range.js';
import type { AudienceFilter, AudienceSet } from '../../infrastructure/audience/audience-sets.js';
import type { AnswerFrame, ReadQuestion } from '../question-reader.js';
import { AudienceReader, type AudienceQuestion } from './audience-reader.js';
import { listenerLevel, type ListenerLevel } from './listener-level.js';
import { listenersOf, type Listeners } from './listeners-of.js';

/** Widths in which listeners are counted apart; an hour's are too few to mean anything. */
export const AUDIENCE_INTERVALS = ['day', 'week', 'month'] as const satisfies readonly Interval[];
export type AudienceInterval = (typeof AUDIENCE_INTERVALS)[number];

export interface ListenersQuestion extends AudienceQuestion, AudienceFilter {
  interval?: AudienceInterval | undefined;
}

export interface AudienceAnswer extends AnswerFrame {
  interval: AudienceInterval | null;
  audiences: (ListenerLevel & {
    whole: Listeners;
    /** Null without an interval. */
    points: (Listeners & { start: string; startUtc: string })[] | null;
  })[];
}

const MAX_BUCKETS = 400;

/** How many different listeners some shows had. */
@Injectable()
export class AudienceService {
  constructor(private readonly reader: AudienceReader) {}

  /**
   * Listeners of a range and, with an interval, of each bucket. The whole is the union of the buckets, never their sum.
   *
   * @throws DomainError `too_many_buckets`, `query_too_expensive` and what `AudienceReader` throws
   */
  async answer(question: ListenersQuestion): Promise<AudienceAnswer> {
    const asked = await this.reader.read(question);
    const { read, keys, levels } = asked;
    const interval = question.interval ?? null;
    const buckets = interval === null ? [] : affordableBuckets(read, interval);
    const { frame, shows } = await this.reader.prepare(asked, question);
    const setsOf = (range: CountedRange, evidence: RequestEvidence): AudienceSet[] =>
      audienceParts(range, keys, evidence).map((part) => ({ evidence, part, shows }));
    const plans = levels.map((evidence) => ({
      evidence,
      whole: setsOf(read.range, evidence),
      points: buckets.map((bucket) => setsOf(bucket, evidence)),
    }));
    const unions = await this.reader.measure(
      plans.flatMap(({ whole, points }) => [...whole, ...points.flat()]),
      question,
    );
    const starts = buckets.map(({ from }) => ({
      start: read.zone.label(from),
      startUtc: new Date(from).toISOString(),
    }));
    const audiences = plans.map(({ evidence, whole, points }) => ({
      ...listenerLevel(evidence),
      whole: listenersOf(whole, unions),
      points:
        interval === null
          ? null
          : starts.map((start, n) => ({ ...start, ...listenersOf(points[n], unions) })),
    }));
    return { ...frame, interval, audiences };
  }
}

function affordableBuckets({ zone, range: { from, to } }: ReadQuestion, interval: Interval): CountedRange[] {
  const starts = localBuckets(zone, interval, from, to, MAX_BUCKETS + 1);
  if (starts.length > MAX_BUCKETS)
    throw tooManyBuckets(MAX_BUCKETS, affordableAlternative(interval, to - from, MAX_BUCKETS));
  return starts.map((start, n) => ({ from: start, to: starts[n + 1] ?? to }));
}
