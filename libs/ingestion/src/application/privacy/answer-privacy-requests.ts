import { Inject, Injectable } from '@nestjs/common';
import { APP_POOL, RolePool, TenantDb } from '@lib/database';
import { LOGGER } from '@lib/observability';
import { DAY_MS, floorTime, utcDate, type TenantId } from '@lib/primitives';
import { HandlesJob } from '@lib/queue';
import {
  allowLongStatements,
  appendMark,
  appendMarks,
  DayDrain,
  dueWork,
  moveWatermark,
  rawHorizon,
  takeMarks,
  WITHOUT_REST,
  type DrainReport,
} from '@lib/time-series';
import type { Logger } from 'pino';
import { Gauge } from 'prom-client';
import { addFound, type Found, type PrivacyRequest } from '../../domain/privacy/privacy-request.js';
import { countListenerEvents } from '../../infrastructure/listener-rows.sql.js';
import {
  finishRequest,
  hasQueuedRequests,
  nextPrivacyRequest,
  noteProgress,
  type PrivacyTurns,
} from '../../infrastructure/privacy-requests.sql.js';
import { scrubFrozenDownloads } from '../../infrastructure/scrub-downloads.sql.js';
import { scrubSketches } from '../../infrastructure/scrub-sketches.sql.js';
import { nextRawEvent } from '../../infrastructure/scrub-events.sql.js';
import { withdrawExports } from '../../infrastructure/withdraw-exports.sql.js';
import { answerPrivacyRequestsJob } from './answer-privacy-requests.job.js';
import { eraseDay } from './erase-day.js';
import { freeTexts } from './free-texts.js';

/**
 * When a request is begun: by then every process has learned of it (`LEARNED_WITHIN_MS`), and whatever was being stored
 * without knowing is stored. Rows that come later are scrubbed by their writer.
 */
const SETTLE_MS = 60_000;
/** When texts may go after the last row that named them was scrubbed: no writer takes them for stored any more. */
const TEXTS_SETTLE_MS = 120_000;
const BUDGET_MS = 4_000;

const oldest = new Gauge({
  name: 'erasure_oldest_seconds',
  help: 'How long the oldest privacy request that is not done has been waiting.',
});

/**
 * Answers what listeners ask for, from the ledger: an erasure scrubs their rows, an export finds the days they are on.
 *
 * One UTC day a transaction, together with how far the request is: after a crash the work goes on with the day that was
 * under way, and a day that is done twice is as if done once. A fault keeps the request queued and is tried again.
 */
@Injectable()
@HandlesJob(answerPrivacyRequestsJob)
export class AnswerPrivacyRequests {
  private readonly drain: DayDrain;
  private now = new Date();

  constructor(
    private readonly db: TenantDb,
    @Inject(APP_POOL) private readonly pool: RolePool,
    @Inject(LOGGER) logger: Logger,
  ) {
    // It may spend its time waiting for a counter.
    this.drain = new DayDrain(
      pool,
      logger,
      'privacy',
      ({ tenantId }) => this.advance(tenantId),
      WITHOUT_REST,
    );
  }

  async run(now = new Date()): Promise<DrainReport> {
    this.now = now;
    const report = await this.drain.run();
    const [waiting] = await this.pool.transaction((sql) => dueWork(sql, 'privacy', 1));
    oldest.set(waiting?.ageSeconds ?? 0);
    return report;
  }

  /** Works for a tenant until nobody's turn has come or some seconds have passed. Returns how many steps it did. */
  private async advance(tenantId: TenantId): Promise<number> {
    const deadline = Date.now() + BUDGET_MS;
    let steps = 0;
    while (Date.now() < deadline && (await this.db.run(tenantId, () => this.step()))) steps += 1;
    return steps;
  }

  /** False when there is nothing to do now. */
  private async step(): Promise<boolean> {
    const { sql, tenantId } = this.db.current;
    // Before anything is looked for: a request that comes in meanwhile keeps its mark.
    const marks = await takeMarks(sql, tenantId, 'privacy', new Date(0), new Date('9999-12-31'));
    const request = await nextPrivacyRequest(sql, tenantId, this.turns());
    const hasWorked = request !== undefined && (await this.advanceRequest(request));
    if (await hasQueuedRequests(sql, tenantId))
      await appendMark(
        sql,
        tenantId,
        'privacy',
        marks.buckets[0] ?? floorTime(this.now, DAY_MS),
        marks.oldest,
      );
    // Also for answers made of downloads themselves, which change before the rollups do.
    if (hasWorked && request.kind === 'erasure') await moveWatermark(sql, tenantId);
    return hasWorked;
  }

  private turns(): PrivacyTurns {
    const ago = (ms: number) => new Date(this.now.getTime() - ms);
    return { askedBefore: ago(SETTLE_MS), searchedBefore: ago(TEXTS_SETTLE_MS) };
  }

  private async advanceRequest(request: PrivacyRequest): Promise<boolean> {
    const { report } = request;
    if (report.searchedAt !== null) return this.finish(request);
    const { sql, tenantId } = this.db.current;
    const from = report.searchedBefore === null ? new Date(0) : startOf(report.searchedBefore);
    const next = await nextRawEvent(sql, tenantId, from);
    // Nothing that happened later had come in when the request was made.
    const isOver = next === null || next.getTime() > request.requestedAt.getTime() + DAY_MS;
    return isOver ? this.endSearch(request) : this.searchDay(request, floorTime(next, DAY_MS));
  }

  private async searchDay({ id, kind, report, listenerIds, requestedAt }: PrivacyRequest, day: Date) {
    const { sql, tenantId } = this.db.current;
    const listener = { listenerIds, until: requestedAt };
    const nextDay = new Date(day.getTime() + DAY_MS);
    const found: Found | null =
      kind === 'erasure'
        ? await eraseDay(sql, tenantId, day, listener)
        : {
            rows: {
              listener_events: await countListenerEvents(sql, tenantId, { from: day, to: nextDay }, listener),
            },
          };
    if (found === null) return false;
    const searchedBefore = utcDate(nextDay);
    await noteProgress(sql, tenantId, id, { ...addFound(report, found, utcDate(day)), searchedBefore });
    return true;
  }

  /** After the last day: what is older than any raw event. */
  private async endSearch({ id, kind, report, listenerIds }: PrivacyRequest): Promise<boolean> {
    const { sql, tenantId } = this.db.current;
    const searchedAt = this.now.toISOString();
    if (kind === 'export') {
      await finishRequest(sql, tenantId, id, { ...report, searchedAt });
      return true;
    }
    const horizon = await rawHorizon(sql, tenantId);
    const frozen = horizon && (await scrubFrozenDownloads(sql, tenantId, utcDate(horizon), listenerIds));
    await appendMarks(sql, tenantId, 'audience', (frozen?.days ?? []).map(startOf), null);
    await allowLongStatements(sql);
    const sketches = horizon === null ? 0 : await scrubSketches(sql, tenantId, utcDate(horizon), listenerIds);
    const exports = await withdrawExports(sql, tenantId);
    const rows = {
      downloads: frozen?.downloads ?? 0,
      count_carry: frozen?.carry ?? 0,
      audience_sketches: sketches,
      exports,
    };
    await noteProgress(sql, tenantId, id, { ...addFound(report, { rows }, null), searchedAt });
    return true;
  }

  private async finish({ id, report }: PrivacyRequest): Promise<boolean> {
    const { sql, tenantId } = this.db.current;
    const rows = await freeTexts(sql, tenantId, report.texts);
    const texts = { user_agents: [], referrers: [], paths: [] };
    await finishRequest(sql, tenantId, id, { ...addFound(report, { rows }, null), texts });
    return true;
  }
}

function startOf(day: string): Date {
  return new Date(`${day}T00:00:00Z`);
}
