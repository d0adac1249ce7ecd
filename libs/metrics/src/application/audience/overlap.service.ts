import { Injectable } from '@nestjs/common';
import { TenantDb } from '@lib/database';
import type { AudienceSize } from '../../domain/audience/estimate-audience.js';
import { overlapOf, type Overlap } from '../../domain/audience/overlap-of-shows.js';
import type { RequestEvidence } from '../../domain/audience/request-evidence.js';
import {
  audienceOverlaps,
  type CommonListeners,
} from '../../infrastructure/audience/audience-overlaps.sql.js';
import { NO_FILTER, type AudienceSet } from '../../infrastructure/audience/audience-sets.js';
import type { AudienceUnion } from '../../infrastructure/audience/audience-unions.sql.js';
import type { AnswerFrame } from '../question-reader.js';
import { AudienceReader, type AudienceQuestion } from './audience-reader.js';
import { listenerLevel, type ListenerLevel } from './listener-level.js';

export interface OverlapQuestion extends AudienceQuestion {
  podcastIds: readonly string[];
}

/** What two podcasts have in common. */
export interface PodcastPair extends Overlap {
  firstPodcastId: string;
  secondPodcastId: string;
  common: AudienceSize;
}

export interface OverlapAnswer extends AnswerFrame {
  undetermined: readonly RequestEvidence[];
  overlaps: (ListenerLevel & {
    podcasts: (AudienceSize & { podcastId: string; unidentifiedDownloads: number })[];
    pairs: PodcastPair[];
  })[];
}

/** Which listeners some shows share. */
@Injectable()
export class OverlapService {
  constructor(
    private readonly db: TenantDb,
    private readonly reader: AudienceReader,
  ) {}

  /**
   * Each two of some podcasts, in the order in which they were named.
   *
   * @throws DomainError `audience_period_exceeded`, `query_too_expensive` and what `AudienceReader` throws
   */
  async answer(question: OverlapQuestion): Promise<OverlapAnswer> {
    const asked = await this.reader.read(question);
    const { parts, undetermined } = this.reader.wholeParts(asked);
    const { frame, shows } = await this.reader.prepare(asked, question);
    const sets = [...parts].flatMap(([evidence, part]) =>
      shows.map((show): AudienceSet => ({ evidence, part, shows: [show] })),
    );
    await this.reader.affordSets(sets, NO_FILTER);
    const { sql, tenantId } = this.db.current;
    const { unions, common } = await audienceOverlaps(sql, tenantId, sets);
    const overlaps = [...parts.keys()].map((evidence) => ({
      ...listenerLevel(evidence),
      podcasts: sets.filter((set) => set.evidence === evidence).flatMap((set) => podcastOf(set, unions)),
      pairs: common.flatMap((pair) => pairOf(pair, evidence, sets, unions)),
    }));
    return { ...frame, undetermined, overlaps };
  }
}

type Unions = ReadonlyMap<AudienceSet, AudienceUnion>;

function podcastOf(set: AudienceSet, unions: Unions) {
  const podcastId = set.shows[0]?.podcastId;
  const union = unions.get(set);
  if (!podcastId || !union) return [];
  return [{ podcastId, ...union.size, unidentifiedDownloads: union.unidentified }];
}

function pairOf(
  { first, second, size }: CommonListeners,
  evidence: RequestEvidence,
  sets: readonly AudienceSet[],
  unions: Unions,
): PodcastPair[] {
  const pair = [sets[first], sets[second]].flatMap((set) => (set?.evidence === evidence ? [set] : []));
  const [a, b] = pair.flatMap((set) => unions.get(set) ?? []);
  const [firstPodcastId, secondPodcastId] = pair.flatMap(({ shows }) => shows[0]?.podcastId ?? []);
  if (!a || !b || firstPodcastId === undefined || secondPodcastId === undefined) return [];
  return [{ firstPodcastId, secondPodcastId, common: size, ...overlapOf(a.size, b.size, size) }];
}
