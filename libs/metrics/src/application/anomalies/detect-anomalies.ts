import { Inject, Injectable } from '@nestjs/common';
import { APP_POOL, RolePool, TenantDb } from '@lib/database';
import { LOGGER } from '@lib/observability';
import { DAY_MS, floorTime, HOUR_MS, utcDate, type TenantId } from '@lib/primitives';
import { HandlesJob } from '@lib/queue';
import {
  DayDrain,
  IN_PASSING,
  keepMark,
  takeMarks,
  tryLockDay,
  type DrainReport,
  type DueDay,
} from '@lib/time-series';
import type { Logger } from 'pino';
import { daysAfter, judgeable, type Judgeable } from '../../domain/anomalies/days-to-compare.js';
import { keepAlerts, resolveAlerts, unresolvedDays } from '../../infrastructure/anomalies/alerts.sql.js';
import { explainAnomalies } from './explain-anomalies.js';
import { judgeDay } from './judge-day.js';
import { detectAnomaliesJob } from './detect-anomalies.job.js';

/** Alerts are raised about days no older than this: nobody acts on an anomaly of history that is imported late. */
const RAISED_MS = 35 * DAY_MS;

/**
 * Compares the downloads of each podcast, at each level of evidence, with the same weekday of the last 8 weeks, and keeps
 * an alert for what is far from it. Days are UTC days.
 *
 * The running day is looked at every hour, by the hours that have passed, and only for too many downloads: what is missing
 * may be on its way. Too few are looked for once the day has been over for 12 hours. A day whose rollups change is marked
 * and looked at again, and so are the days with alerts that compare themselves with it: an alert whose number has returned
 * to what is usual resolves.
 *
 * A tenant that falls silent leaves no marks. So the mark of a day stays until the day is judged for good, and then leaves
 * one for the present day, as long as the tenant had downloads in the last nine weeks.
 *
 * Judging one day may judge others again, so the lock is the tenant's.
 */
@Injectable()
@HandlesJob(detectAnomaliesJob)
export class DetectAnomalies {
  private readonly drain: DayDrain;
  /** Days that are not over and were looked at in the hour `lookedIn`. */
  private readonly looked = new Set<string>();
  private lookedIn = 0;
  private now = 0;

  constructor(
    private readonly db: TenantDb,
    @Inject(APP_POOL) pool: RolePool,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.drain = new DayDrain(pool, logger, 'anomaly', (day) => this.lookAt(day), IN_PASSING);
  }

  /** @param now UTC milliseconds */
  run(now = Date.now()): Promise<DrainReport> {
    this.now = now;
    const hour = Math.floor(now / HOUR_MS);
    if (hour !== this.lookedIn) this.looked.clear();
    this.lookedIn = hour;
    return this.drain.run();
  }

  /** Returns how many alerts changed; null for a day that is not due, or that another worker has. */
  private async lookAt({ tenantId, day, key }: DueDay): Promise<number | null> {
    const part = judgeable(day.getTime(), this.now);
    if (part === undefined || this.looked.has(key)) return null;
    const changed = await this.db.run(tenantId, async () => {
      const { sql } = this.db.current;
      if (!(await tryLockDay(sql, tenantId, 'anomaly', 'any day'))) return null;
      await takeMarks(sql, tenantId, 'anomaly', day, new Date(day.getTime() + DAY_MS));
      const { alerts, alive } = await this.judge(tenantId, day.getTime(), part);
      const dependent = await this.judgeAgain(tenantId, day.getTime());
      const next = part.final ? floorTime(new Date(this.now), DAY_MS) : day;
      if (alive) await keepMark(sql, tenantId, 'anomaly', next);
      return alerts + dependent;
    });
    if (changed !== null && !part.final) this.looked.add(key);
    return changed;
  }

  private async judge(
    tenantId: TenantId,
    day: number,
    { hours, final }: Judgeable,
  ): Promise<{ alerts: number; alive: boolean }> {
    const { sql } = this.db.current;
    const judged = await judgeDay(sql, tenantId, day, hours);
    const found = await explainAnomalies(sql, tenantId, day, hours, {
      ...judged,
      levels: judged.levels.filter(({ judgement }) => final || judgement.direction !== 'below'),
    });
    const [date, raise] = [utcDate(new Date(day)), this.now - day <= RAISED_MS];
    const kept = await keepAlerts(sql, tenantId, date, hours, found, raise);
    const resolved = await resolveAlerts(sql, tenantId, date, found, final ? ['above', 'below'] : ['above']);
    return { alerts: kept + resolved, alive: judged.alive };
  }

  /** The days with alerts that compare themselves with this one. */
  private async judgeAgain(tenantId: TenantId, day: number): Promise<number> {
    const after = daysAfter(day).map((at) => utcDate(new Date(at)));
    let changed = 0;
    for (const date of await unresolvedDays(this.db.current.sql, tenantId, after)) {
      const at = Date.parse(`${date}T00:00:00Z`);
      const part = judgeable(at, this.now);
      if (part !== undefined) changed += (await this.judge(tenantId, at, part)).alerts;
    }
    return changed;
  }
}
