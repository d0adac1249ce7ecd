import { Inject, Injectable } from '@nestjs/common';
import { APP_POOL, RolePool, TenantDb, type Sql } from '@lib/database';
import { LOGGER } from '@lib/observability';
import { DAY_MS, utcDate, type TenantId } from '@lib/primitives';
import { HandlesJob } from '@lib/queue';
import {
  appendMarks,
  DayDrain,
  FIRST,
  keepMark,
  moveWatermark,
  rawHorizon,
  takeMarks,
  tryLockDay,
  type DrainReport,
  type DueDay,
  type TakenMarks,
} from '@lib/time-series';
import type { Logger } from 'pino';
import type { RuleSet } from '../domain/rule-set.js';
import { changedFiles } from '../infrastructure/changed-files.sql.js';
import { addressesOf, addressesThatAskedFor } from '../infrastructure/day-requests.sql.js';
import { AgentReader } from './agent-reader.js';
import type { RuledDay } from './count-day.js';
import { countDownloadsJob } from './count-downloads.job.js';
import { RuleSetsService } from './rule-sets.service.js';
import { daysOf } from './days-of.js';
import { storeCountedDay, type DayChange } from './store-counted-day.js';

/** Marked slices of one day above which all its addresses are counted: to look for a few would read as much. */
const MANY_SLICES = 72;

/**
 * Counts the downloads of days in which requests came in.
 *
 * Whoever writes requests marks their slices in the same transaction. For each marked day, one READ COMMITTED transaction
 * takes the day's lock, deletes the marks that it sees, counts the addresses seen in those slices for the whole day, and
 * marks the slices whose downloads changed for the rollups, and their days for the audience. Late, repeated and
 * disordered requests need nothing special, a crash leaves the marks where they were, and running twice writes nothing.
 *
 * Sizes of files are those that were known at the day's own instant, so whoever comes late is judged as everybody else was.
 * While that instant lies ahead, what becomes known of a file marks the day as well, and whoever asked for the file is
 * counted again.
 *
 * With a rolling window a day begins with what the day before left open. When that changes, the slices of the next day
 * in which those listeners come back are marked too. The next day's lock is held meanwhile: its counter would otherwise
 * read the old windows and delete the mark of a request that is not visible here yet.
 */
@Injectable()
@HandlesJob(countDownloadsJob)
export class CountDownloads {
  private readonly drain: DayDrain;

  constructor(
    private readonly db: TenantDb,
    private readonly ruleSets: RuleSetsService,
    private readonly agents: AgentReader,
    @Inject(APP_POOL) pool: RolePool,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.drain = new DayDrain(pool, logger, 'count', (day) => this.countDay(day), FIRST);
  }

  run(): Promise<DrainReport> {
    return this.drain.run();
  }

  private async countDay(due: DueDay): Promise<number | null> {
    const { tenantId, day } = due;
    const counted = await this.countChosen(due);
    if (counted !== 'not chosen') return counted;
    // In a transaction of its own: to choose holds up whoever writes episodes.
    await this.db.run(tenantId, () => this.ruleSets.choose(utcDate(day)), { repeated: true });
    const again = await this.countChosen(due);
    if (again === 'not chosen') throw new Error(`no rule set was chosen for ${utcDate(day)}`);
    return again;
  }

  /** Counts a day under the rule set that was chosen for it. */
  private countChosen({ tenantId, day }: DueDay): Promise<number | null | 'not chosen'> {
    return this.db.run(
      tenantId,
      async () => {
        const { sql } = this.db.current;
        const chosen = await this.ruleSets.ofDay(utcDate(day));
        if (chosen === undefined) return 'not chosen';
        if (!(await lockForCounting(sql, tenantId, day, chosen.ruleSet))) return null;
        const marks = await takeMarks(sql, tenantId, 'count', day, new Date(day.getTime() + DAY_MS));
        const basis = await this.ruleSets.ofDay(utcDate(day));
        // A recount was applied meanwhile. Its marks may be among these.
        if (basis?.ruleSet.id !== chosen.ruleSet.id) {
          await appendMarks(sql, tenantId, 'count', marks.buckets, marks.oldest);
          return null;
        }
        const addressIds = await this.addressesToCount(marks, { tenantId, day, ...basis });
        if (addressIds?.length === 0) return 0;
        const change = await storeCountedDay(sql, { tenantId, day, ...basis, addressIds }, this.agents);
        await this.passOn(tenantId, day, change, marks.oldest);
        return change.written;
      },
      { repeated: true },
    );
  }

  private async passOn(
    tenantId: TenantId,
    day: Date,
    change: DayChange,
    oldest: string | null,
  ): Promise<void> {
    const { sql } = this.db.current;
    await appendMarks(sql, tenantId, 'slice', change.slices, oldest);
    await appendMarks(sql, tenantId, 'audience', daysOf(change.slices), oldest);
    await appendMarks(sql, tenantId, 'count', change.nextDay, oldest);
    if (change.written === 0) return;
    await keepMark(sql, tenantId, 'detect', day);
    // For answers made of downloads themselves.
    await moveWatermark(sql, tenantId);
  }

  /** Those seen in marked slices, and those that asked for a file of which something else became known since; null is all. */
  private async addressesToCount(
    { buckets, oldest }: TakenMarks,
    { tenantId, day, filesAsOf }: RuledDay,
  ): Promise<string[] | null> {
    const { sql } = this.db.current;
    const rawFrom = await rawHorizon(sql, tenantId);
    const slices = buckets.filter((slice) => rawFrom === null || slice >= rawFrom);
    if (slices.length === 0 || oldest === null) return [];
    if (slices.length > MANY_SLICES) return null;
    const seen = await addressesOf(sql, tenantId, slices);
    const files = await changedFiles(sql, tenantId, oldest, filesAsOf);
    if (files.size === 0) return seen;
    const range = { from: day, to: new Date(day.getTime() + DAY_MS) };
    return [...new Set([...seen, ...(await addressesThatAskedFor(sql, tenantId, range, [...files]))])];
  }
}

/** Takes the locks under which a day may be counted; false when someone else holds one. */
export async function lockForCounting(
  sql: Sql,
  tenantId: TenantId,
  day: Date,
  { rules }: RuleSet,
): Promise<boolean> {
  if (!(await tryLockDay(sql, tenantId, 'count', utcDate(day)))) return false;
  if (rules.window === 'calendar_day') return true;
  return tryLockDay(sql, tenantId, 'count', utcDate(new Date(day.getTime() + DAY_MS)));
}
