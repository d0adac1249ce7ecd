import { Injectable } from '@nestjs/common';
import { TenantDb } from '@lib/database';
import { DomainError, utcDate } from '@lib/primitives';
import type { DownloadWindow } from '../domain/counting/counting-rules.js';
import type { RequestEvidence } from '../domain/counting/download-request.js';
import { readUtcRange } from '../domain/read-utc-range.js';
import { UNRECORDED_MEANINGS, type UnrecordedReason } from '../domain/unrecorded-request.js';
import {
  countRequestRows,
  duplicateDeliveries,
  shownDownloads,
  shownRequests,
  type ExplainScope,
} from '../infrastructure/explain.sql.js';
import { unrecordedCounts } from '../infrastructure/unrecorded-requests.sql.js';
import { AgentReader } from './agent-reader.js';
import { countRange, LEAD_IN_DAYS } from './count-range.js';
import { OutcomeTally, type FunnelSteps, type RuleSetInUse } from './outcome-tally.js';
import { requestsGone, type RequestsGone } from './requests-gone.js';
import { RuleSetsService } from './rule-sets.service.js';

export interface ExplainQuestion extends ExplainScope {
  readonly from: string;
  readonly to: string;
  /** Another window than the one that is counted by. */
  readonly window: DownloadWindow | null;
}

/** From every raw request at one level of evidence to the count. The steps add up to the requests. */
export interface Funnel extends FunnelSteps {
  /** What metrics show: `counted`, less those begun before the range, plus those complete after it. Null for another window. */
  shown: { downloads: number; begunBefore: number; completedAfter: number } | null;
}

/** Requests that were answered by a redirect and could not be stored. They are in no funnel. */
export interface NotRecorded {
  /** UTC days, both included: all that the range touches. */
  firstDay: string;
  lastDay: string;
  requests: number;
  reasons: { reason: UnrecordedReason; requests: number; meaning: string }[];
}

export interface Explanation {
  from: Date;
  to: Date;
  /** Null where requests of the range are gone. */
  requests: number | null;
  /** Why there is no funnel, and what is known all the same; null where every request is kept. */
  requestsGone: RequestsGone | null;
  ruleSets: RuleSetInUse[];
  funnels: Funnel[];
  /** Null for an episode: of these requests it is not known which file they were for. */
  notRecorded: NotRecorded | null;
  notes: string[];
}

const LONGEST_DAYS = 31;
const MOST_REQUESTS = 500_000;
const EVIDENCES: readonly RequestEvidence[] = ['origin_bytes', 'prefix_only'];

/** Says for any number of downloads which requests it was made of, and what became of all others. */
@Injectable()
export class ExplainService {
  constructor(
    private readonly db: TenantDb,
    private readonly ruleSets: RuleSetsService,
    private readonly agents: AgentReader,
  ) {}

  /**
   * Counts the requests of the range again and tallies what became of each; where requests of it are gone nothing is
   * counted, since less would be found than there was. Needs an open `TenantDb.run`.
   * @throws DomainError `invalid_range`, `explain_too_large` (400)
   */
  async answer(question: ExplainQuestion): Promise<Explanation> {
    const range = readUtcRange(question.from, question.to, LONGEST_DAYS);
    const { sql, tenantId } = this.db.current;
    const gone = await requestsGone(sql, tenantId, range, question, question.window ? LEAD_IN_DAYS : 0);
    if (gone !== null) return this.withoutRequests(range, question, gone);
    if ((await countRequestRows(sql, tenantId, range, MOST_REQUESTS + 1)) > MOST_REQUESTS) throw tooLarge();
    const tally = new OutcomeTally(range, question);
    const basisOf = (day: Date) => this.ruleSets.peek(utcDate(day));
    const portions = countRange(sql, tenantId, range, basisOf, this.agents, question.window ?? undefined);
    for await (const portion of portions) tally.add(portion);
    const duplicates = await duplicateDeliveries(sql, tenantId, range, question);
    const details = await shownRequests(sql, tenantId, tally.examples());
    const shown = question.window ? null : await shownDownloads(sql, tenantId, range, question);
    const funnels = EVIDENCES.map((evidence): Funnel => {
      const ofLevel = shown?.find((row) => row.evidence === evidence);
      const funnel = tally.funnel(evidence, evidence === 'origin_bytes' ? duplicates : 0, details);
      return {
        ...funnel,
        shown: shown && {
          downloads: ofLevel?.shown ?? 0,
          begunBefore: ofLevel?.begunBefore ?? 0,
          completedAfter: ofLevel?.completedAfter ?? 0,
        },
      };
    });
    return {
      ...range,
      requests: funnels.reduce((sum, { requests }) => sum + requests, 0),
      requestsGone: null,
      ruleSets: tally.ruleSets(),
      funnels,
      notRecorded: question.episodeId === null ? await this.notRecorded(range, question.podcastId) : null,
      notes: notes(question),
    };
  }

  private async withoutRequests(
    range: { from: Date; to: Date },
    question: ExplainQuestion,
    gone: RequestsGone,
  ): Promise<Explanation> {
    const { podcastId, episodeId, window } = question;
    return {
      ...range,
      requests: null,
      requestsGone: window === null ? gone : { ...gone, shown: null },
      ruleSets: [],
      funnels: [],
      notRecorded: episodeId === null ? await this.notRecorded(range, podcastId) : null,
      notes: [
        `Requests before ${gone.requestsFrom.toISOString()} are no longer kept, so nobody can say what became of each: ` +
          'ask from then on' +
          (window === null
            ? '.'
            : `, or ${LEAD_IN_DAYS} days later, since windows are followed from before.`),
      ],
    };
  }

  private async notRecorded(
    { from, to }: { from: Date; to: Date },
    podcastId: string | null,
  ): Promise<NotRecorded> {
    const { sql, tenantId } = this.db.current;
    const days = { firstDay: utcDate(from), lastDay: utcDate(new Date(to.getTime() - 1)) };
    const counts = await unrecordedCounts(sql, tenantId, days, podcastId);
    return {
      ...days,
      requests: counts.reduce((sum, { requests }) => sum + requests, 0),
      reasons: counts.map((count) => ({ ...count, meaning: UNRECORDED_MEANINGS[count.reason] })),
    };
  }
}

function tooLarge(): DomainError {
  return new DomainError(
    'explain_too_large',
    400,
    `The range holds more than ${MOST_REQUESTS.toLocaleString('en')} requests. Ask for fewer days, or for some hours.`,
    { field: 'to' },
  );
}

function notes({ window, podcastId, episodeId }: ExplainQuestion): string[] {
  const scoped = podcastId !== null || episodeId !== null;
  return [
    ...(scoped
      ? ['Requests of files that belong to no episode are left out, since they belong to no podcast.']
      : []),
    ...(window === null
      ? []
      : [
          `Windows are followed from ${LEAD_IN_DAYS} days before the range, since another one is counted by.`,
        ]),
    'Lines that were delivered again are known by the UTC day: they are named for days that lie whole in the range.',
    'At prefix_only the rule of one minute is not applied: a redirect sees that a file was asked for, and no bytes.',
  ];
}
