import { Injectable } from '@nestjs/common';
import { TenantDb } from '@lib/database';
import type { RequestEvidence } from '../../domain/audience/request-evidence.js';
import { listenerConcentration } from '../../infrastructure/audience/listener-concentration.sql.js';
import type { AnswerFrame } from '../question-reader.js';
import { AudienceReader, type AudienceQuestion } from './audience-reader.js';
import { listenerLevel, type ListenerLevel } from './listener-level.js';

export interface ConcentrationAnswer extends AnswerFrame {
  undetermined: readonly RequestEvidence[];
  audiences: (ListenerLevel & {
    listeners: number;
    downloads: number;
    unidentifiedDownloads: number;
    /** Of the downloads of listeners; null where there are none. */
    top1PercentShare: number | null;
    top5PercentShare: number | null;
  })[];
}

/** How much of the downloads few listeners make up. */
@Injectable()
export class ConcentrationService {
  constructor(
    private readonly db: TenantDb,
    private readonly reader: AudienceReader,
  ) {}

  /**
   * Counted exactly, download by download.
   *
   * @throws DomainError `audience_period_exceeded`, `query_too_expensive` and what `AudienceReader` throws
   */
  async answer(question: AudienceQuestion): Promise<ConcentrationAnswer> {
    const asked = await this.reader.read(question);
    const { range } = asked.read;
    const { parts, undetermined } = this.reader.wholeParts(asked);
    const { frame, shows } = await this.reader.prepare(asked, question);
    await this.reader.affordDownloads([range], 'ask for a shorter range');
    const { sql, tenantId } = this.db.current;
    const series = new Map([...parts].map(([level, part]) => [level, part.series]));
    const counted = await listenerConcentration(sql, tenantId, range, series, shows);
    const audiences = [...parts.keys()].map((evidence) => {
      const level = counted.find((each) => each.evidence === evidence);
      const downloads = level?.downloads ?? 0;
      return {
        ...listenerLevel(evidence),
        listeners: level?.listeners ?? 0,
        downloads,
        unidentifiedDownloads: level?.unidentified ?? 0,
        top1PercentShare: downloads === 0 ? null : (level?.topHundredth ?? 0) / downloads,
        top5PercentShare: downloads === 0 ? null : (level?.topTwentieth ?? 0) / downloads,
      };
    });
    return { ...frame, undetermined, audiences };
  }
}
