import { Injectable } from '@nestjs/common';
import { TenantDb } from '@lib/database';
import { rangesBefore, rangesSince } from '../../domain/audience/audience-parts.js';
import type { AudienceSize } from '../../domain/audience/estimate-audience.js';
import { exactAudience } from '../../domain/audience/estimate-audience.js';
import { newListeners } from '../../domain/audience/new-listeners.js';
import type { RequestEvidence } from '../../domain/audience/request-evidence.js';
import { audienceOverlaps } from '../../infrastructure/audience/audience-overlaps.sql.js';
import { NO_FILTER, type AudienceSet } from '../../infrastructure/audience/audience-sets.js';
import type { AnswerFrame } from '../question-reader.js';
import { AudienceReader, type AudienceQuestion } from './audience-reader.js';
import { listenerLevel, type ListenerLevel } from './listener-level.js';

export interface ReturningAnswer extends AnswerFrame {
  undetermined: readonly RequestEvidence[];
  audiences: (ListenerLevel & {
    /** From when on somebody must have listened before the range to be returning; `from` where nothing can be compared. */
    comparedSince: Date;
    listeners: AudienceSize;
    returning: AudienceSize;
    new: AudienceSize;
    unidentifiedDownloads: number;
  })[];
}

/** Who of the listeners of a range had listened before it. */
@Injectable()
export class ReturningService {
  constructor(
    private readonly db: TenantDb,
    private readonly reader: AudienceReader,
  ) {}

  /**
   * New and returning listeners, compared with as much of the time before as listeners have the same ids in and retention
   * has left.
   *
   * @throws DomainError `audience_period_exceeded`, `query_too_expensive` and what `AudienceReader` throws
   */
  async answer(question: AudienceQuestion): Promise<ReturningAnswer> {
    const asked = await this.reader.read(question);
    const { range } = asked.read;
    const { parts, undetermined } = this.reader.wholeParts(asked);
    const sketchesFrom = (await this.reader.sketchesFrom()) ?? -Infinity;
    const befores = [...parts].map(([evidence, part]) => ({
      evidence,
      part,
      ranges: rangesSince(sketchesFrom, rangesBefore(part, range.from, asked.keys, evidence)),
    }));
    const since = Math.min(range.from, ...befores.flatMap(({ ranges }) => ranges.map(({ from }) => from)));
    const { frame, shows } = await this.reader.prepare(asked, question, { from: since, to: range.to });
    const { sql, tenantId } = this.db.current;
    const compared = befores.map(({ evidence, part, ranges }) => ({
      evidence,
      comparedSince: new Date(ranges[0]?.from ?? range.from),
      now: { evidence, part, shows } satisfies AudienceSet,
      before: { evidence, part: { ...part, ranges }, shows } satisfies AudienceSet,
    }));
    const sets: AudienceSet[] = compared.flatMap(({ now, before }) => [now, before]);
    await this.reader.affordSets(sets, NO_FILTER);
    const { unions, common } = await audienceOverlaps(sql, tenantId, sets);
    const audiences = compared.map(({ evidence, comparedSince, now }) => {
      const listeners = unions.get(now);
      const all = listeners?.size ?? exactAudience(0);
      const returning = common.find(({ first }) => sets[first] === now)?.size ?? exactAudience(0);
      return {
        ...listenerLevel(evidence),
        comparedSince,
        listeners: all,
        returning,
        new: newListeners(all, returning),
        unidentifiedDownloads: listeners?.unidentified ?? 0,
      };
    });
    return { ...frame, undetermined, audiences };
  }
}
