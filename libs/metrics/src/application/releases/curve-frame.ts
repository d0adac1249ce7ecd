import { Injectable } from '@nestjs/common';
import { TenantDb } from '@lib/database';
import { localZone } from '@lib/primitives';
import { TenantsService } from '@lib/tenants';
import { nextPublication } from '../../infrastructure/releases/next-publication.sql.js';
import { quarterStart } from '../../domain/releases/release-age.js';
import { WIDE_SLICE_MS, type KeptRollups } from '../../domain/retention/kept-rollups.js';
import { curvesWaitSince } from '../../infrastructure/releases/curves-as-of.sql.js';
import { ORIGIN } from '../serving/answer-origin.js';
import { QuestionReader, type AnswerFrame, type EpisodeScope } from '../question-reader.js';

/** What answers about releases say about themselves. Needs an open `TenantDb.run`. */
@Injectable()
export class CurveFrame {
  constructor(
    private readonly db: TenantDb,
    private readonly questions: QuestionReader,
    private readonly tenants: TenantsService,
  ) {}

  /**
   * The frame of an answer about everything since some episodes were published: from the first of them until now, in the
   * tenant's own time zone. Release curves follow the other rollups, so it can be older than theirs.
   *
   * Ages grow at the quarters of an hour, and an episode that is published is news at once: the answer stands until then.
   *
   * @param starts when the episodes of the answer began, in UTC milliseconds
   * @param compared the same of those that they are compared with
   * @throws DomainError `podcast_not_found`, `episode_not_found` (404)
   */
  async since(
    asked: EpisodeScope,
    now: number,
    starts: readonly number[],
    compared: readonly number[] = [],
  ): Promise<{ frame: AnswerFrame; scope: EpisodeScope; kept: KeptRollups }> {
    const { sql, tenantId } = this.db.current;
    const to = quarterStart(now) + WIDE_SLICE_MS;
    const from = first(starts, to - WIDE_SLICE_MS);
    const zone = localZone((await this.tenants.get()).timeZone);
    const read = { ...asked, zone, range: { from, to } };
    const prepared = await this.questions.prepare(read, { from: first(compared, from), to });
    const waiting = await curvesWaitSince(sql, tenantId);
    const next = await nextPublication(sql, tenantId, new Date(now), new Date(to));
    const { asOf, [ORIGIN]: origin } = prepared.frame;
    const late = waiting !== null && asOf !== null && waiting < asOf;
    const stands = origin && { [ORIGIN]: { ...origin, until: next?.getTime() ?? to } };
    return { ...prepared, frame: { ...prepared.frame, ...stands, asOf: late ? waiting : asOf } };
  }
}

function first(instants: readonly number[], otherwise: number): number {
  return instants.reduce((least, at) => Math.min(least, at), otherwise);
}
