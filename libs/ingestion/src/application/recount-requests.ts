import { Inject, Injectable } from '@nestjs/common';
import { APP_POOL, databaseUnavailable, RolePool, TenantDb } from '@lib/database';
import { LOGGER } from '@lib/observability';
import { DAY_MS, utcDate, type TenantId } from '@lib/primitives';
import { HandlesJob } from '@lib/queue';
import { appendMark, DayDrain, rawHorizon, takeMarks, type DrainReport } from '@lib/time-series';
import type { Logger } from 'pino';
import { leadInDays, type RecountRow } from '../domain/recount.js';
import {
  advanceRecount,
  failRecount,
  filesAsOfRecount,
  nextRecount,
  storeDifferences,
} from '../infrastructure/recounts.sql.js';
import { AgentReader } from './agent-reader.js';
import { lockForCounting } from './count-downloads.js';
import { OutcomeDifference } from './outcome-difference.js';
import { recountRequestsJob } from './recount-requests.job.js';
import { RuleSetsService } from './rule-sets.service.js';
import { ShownOutcomes } from './shown-outcomes.js';
import { storeCountedDay } from './store-counted-day.js';

const BUDGET_MS = 4_000;

/**
 * Counts days again under another rule set, beside what is shown, and says request by request what would change.
 *
 * One UTC day a transaction; a crash repeats the day that was under way. Nobody reads what is stored here until the
 * recount is applied.
 */
@Injectable()
@HandlesJob(recountRequestsJob)
export class RecountRequests {
  private readonly drain: DayDrain;

  constructor(
    private readonly db: TenantDb,
    private readonly ruleSets: RuleSetsService,
    private readonly agents: AgentReader,
    @Inject(APP_POOL) pool: RolePool,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.drain = new DayDrain(pool, logger, 'recount', ({ tenantId }) => this.advance(tenantId));
  }

  run(): Promise<DrainReport> {
    return this.drain.run();
  }

  /** Counts days of a tenant's recounts until none waits or some seconds have passed. Returns how many days it counted. */
  private async advance(tenantId: TenantId): Promise<number> {
    const deadline = Date.now() + BUDGET_MS;
    let days = 0;
    while (Date.now() < deadline && (await this.countOne(tenantId))) days += 1;
    return days;
  }

  /** False when no recount waits, or another worker has it. */
  private async countOne(tenantId: TenantId): Promise<boolean> {
    let current: RecountRow | undefined;
    try {
      return await this.db.run(tenantId, async () => {
        const { sql } = this.db.current;
        // Marks first: one that comes with a recount which is not visible below must stay.
        await takeMarks(sql, tenantId, 'recount', new Date(0), new Date('9999-12-31'));
        current = await nextRecount(sql, tenantId);
        if (current === undefined) return false;
        await appendMark(sql, tenantId, 'recount', new Date(`${current.firstDay}T00:00Z`), null);
        return this.countNextDay(current);
      });
    } catch (error) {
      if (current === undefined || databaseUnavailable(error)) throw error;
      const { id } = current;
      this.logger.error({ err: error, tenantId, recountId: id }, 'recount failed');
      const text = error instanceof Error ? error.message : String(error);
      await this.db.run(tenantId, () => failRecount(this.db.current.sql, tenantId, id, text));
      return true;
    }
  }

  private async countNextDay(recount: RecountRow): Promise<boolean> {
    const { sql, tenantId } = this.db.current;
    const ruleSet = await this.ruleSets.find(recount.ruleSetId);
    const day = nextDay(recount, leadInDays(ruleSet.rules.window));
    const filesAsOf = await filesAsOfRecount(sql, tenantId, recount.id, utcDate(day));
    const before = await this.ruleSets.peek(utcDate(day));
    const rawFrom = await rawHorizon(sql, tenantId);
    if (rawFrom !== null && day < rawFrom) throw new Error(`raw requests of ${utcDate(day)} are gone`);
    if (!(await lockForCounting(sql, tenantId, day, ruleSet))) return false;
    const difference = new OutcomeDifference();
    const shown = before && new ShownOutcomes(sql, { tenantId, day, ...before }, filesAsOf, this.agents);
    await storeCountedDay(
      sql,
      { tenantId, day, ruleSet, filesAsOf, addressIds: null },
      this.agents,
      async (portion) => difference.add(portion, await shown?.of(portion.requests)),
    );
    if (utcDate(day) >= recount.firstDay)
      await storeDifferences(sql, tenantId, recount.id, utcDate(day), difference.rows(utcDate(day)));
    await advanceRecount(sql, tenantId, recount.id, utcDate(day));
    return true;
  }
}

function nextDay({ firstDay, doneThrough }: RecountRow, leadIn: number): Date {
  const first = Date.parse(`${firstDay}T00:00Z`) - leadIn * DAY_MS;
  return new Date(doneThrough === null ? first : Date.parse(`${doneThrough}T00:00Z`) + DAY_MS);
}
