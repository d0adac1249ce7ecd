import { Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { TenantDb } from '@lib/database';
import { CursorCodec, type TenantPrincipal } from '@lib/http';
import { DAY_MS, localZone } from '@lib/primitives';
import { TenantsService } from '@lib/tenants';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { ExportedRow } from '../../domain/exports/exported-column.js';
import { askedTooOften } from '../../domain/exports/exports.errors.js';
import { episodeNotFound, invalidRange, podcastNotFound } from '../../domain/metrics.errors.js';
import { readBound } from '../../domain/read-range.js';
import type { RowFilter } from '../../infrastructure/exports/exported-rows.sql.js';
import { LISTENER_EVENTS } from '../../infrastructure/exports/listener-tables.js';
import { snapshotTime } from '../../infrastructure/exports/snapshot-time.sql.js';
import { podcastExists, podcastOfEpisode } from '../../infrastructure/query-scope.sql.js';

import { TableReader } from './table-reader.js';

/** Which raw events are wanted. Everything left out is all; the range is then the last 24 hours. */
export interface EventsQuestion {
  from?: string | undefined;
  to?: string | undefined;
  podcastId?: string | undefined;
  episodeId?: string | undefined;
  type?: string | undefined;
  order: 'oldest' | 'newest';
  limit: number;
  cursor?: string | undefined;
}

/** A page of raw events. */
export interface EventsPage {
  from: Date;
  to: Date;
  /** Every event that was acknowledged before it is there; null on a replica that cannot tell. */
  asOf: Date | null;
  /** What happened before it comes in no more, but for imports of logs. */
  settledBefore: Date;
  items: ExportedRow[];
  next: string | null;
}

/** What is left of a tenant's reads, for the headers of an answer. */
export interface ReadsLeft {
  readonly limit: number;
  readonly remaining: number;
  readonly resetSeconds: number;
}

/** Raw events of a tenant, page by page. */
@Injectable()
export class EventsService {
  private readonly cursors: CursorCodec;
  private readonly reads: RateLimiterMemory;

  constructor(
    private readonly db: TenantDb,
    private readonly tenants: TenantsService,
    private readonly tables: TableReader,
    private readonly settings: Settings,
  ) {
    this.cursors = new CursorCodec(settings.apiKeyPepper);
    this.reads = new RateLimiterMemory({ points: settings.eventsReadsPerMinute, duration: 60 });
  }

  /**
   * Counts one read of the tenant. `told` learns what is left, also when nothing is.
   * @throws DomainError `rate_limited` (429)
   */
  async countRead({ tenantId }: TenantPrincipal, told: (left: ReadsLeft) => void): Promise<void> {
    const limit = this.settings.eventsReadsPerMinute;
    const tell = ({ remainingPoints, msBeforeNext }: RateLimiterRes) =>
      told({ limit, remaining: remainingPoints, resetSeconds: Math.max(1, Math.ceil(msBeforeNext / 1_000)) });
    try {
      tell(await this.reads.consume(tenantId));
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      tell(refusal);
      throw askedTooOften(`Raw events can be read ${limit} times a minute.`, refusal.msBeforeNext);
    }
  }

  /**
   * A page in the order of time and id, in which no event has two places. Opens its own transaction, on a replica where there
   * is one.
   *
   * @throws DomainError `invalid_range`, `invalid_cursor` (400), `podcast_not_found`, `episode_not_found` (404)
   */
  read({ tenantId }: TenantPrincipal, question: EventsQuestion): Promise<EventsPage> {
    return this.db.run(tenantId, () => this.answer(question), { readOnly: true, replica: true });
  }

  private async answer(question: EventsQuestion): Promise<EventsPage> {
    const { sql, tenantId, replayedAt } = this.db.current;
    const { order, limit, cursor } = question;
    const now = await snapshotTime(sql);
    const list = `events ${order}`;
    const after = cursor === undefined ? null : this.cursors.decode(tenantId, list, cursor).map(String);
    const range = after === null ? await this.readRange(question, now) : rangeOf(after);
    await this.checkScope(question);
    const selection = { range, filters: filtersOf(question), descending: order === 'newest' };
    const position = after === null ? null : after.slice(2);
    const page = await this.tables.page(LISTENER_EVENTS, selection, position, limit);
    const ends = [range.from.toISOString(), range.to.toISOString()];
    return {
      ...range,
      asOf: replayedAt === undefined ? now : replayedAt,
      settledBefore: new Date(now.getTime() - this.settings.ingestAcceptanceDays * DAY_MS),
      items: [...page.rows],
      next: page.after && this.cursors.encode(tenantId, list, [...ends, ...page.after]),
    };
  }

  private async checkScope({ podcastId, episodeId }: EventsQuestion): Promise<void> {
    const { sql, tenantId } = this.db.current;
    if (podcastId !== undefined && !(await podcastExists(sql, tenantId, podcastId))) throw podcastNotFound();
    if (episodeId !== undefined && (await podcastOfEpisode(sql, tenantId, episodeId)) === undefined)
      throw episodeNotFound();
  }

  private async readRange({ from, to }: EventsQuestion, now: Date): Promise<{ from: Date; to: Date }> {
    const zone = localZone((await this.tenants.get()).timeZone);
    const end = to === undefined ? now.getTime() : readBound(zone, 'to', to);
    const begin = from === undefined ? end - DAY_MS : readBound(zone, 'from', from);
    if (begin >= end) throw invalidRange('to', 'to must be later than from: the range ends before to.');
    return { from: new Date(begin), to: new Date(end) };
  }
}

/** The range travels in the cursor: one that ended at "now" would otherwise move from page to page. */
function rangeOf([from = '', to = '']: readonly string[]): { from: Date; to: Date } {
  return { from: new Date(from), to: new Date(to) };
}

function filtersOf({ podcastId, episodeId, type }: EventsQuestion): RowFilter[] {
  return [
    { sql: LISTENER_EVENTS.podcast ?? '', type: 'uuid' as const, value: podcastId },
    { sql: 't.episode_id', type: 'uuid' as const, value: episodeId },
    { sql: 't.event_type', type: 'text' as const, value: type },
  ].flatMap(({ value, ...filter }) => (value === undefined ? [] : [{ ...filter, value }]));
}
