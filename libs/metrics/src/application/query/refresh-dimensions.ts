import { Inject, Injectable } from '@nestjs/common';
import { APP_POOL, RolePool, TenantDb, type Sql } from '@lib/database';
import { LOGGER } from '@lib/observability';
import { DAY_MS, floorTime, HOUR_MS, utcDate, type TenantId } from '@lib/primitives';
import { HandlesJob } from '@lib/queue';
import { DayDrain, rawHorizon, takeMarks, tryLockDay, type DrainReport, type DueDay } from '@lib/time-series';
import type { Logger } from 'pino';
import { agentsWait } from '../../infrastructure/query/agents-wait.sql.js';
import { DIMENSIONS } from '../../domain/query/dimensions.js';
import { DAY_AND_MONTH, rebuildDimensions } from '../../infrastructure/query/rebuild-dimensions.sql.js';
import { rebuildTotals } from '../../infrastructure/rebuild-totals.sql.js';
import { refreshDimensionsJob } from './refresh-dimensions.job.js';

/**
 * Rebuilds rollups by app, device and country, for the hours whose totals were refreshed, under the same discipline as
 * `RefreshAggregates` and under a lock of its own: it writes other rows.
 *
 * It is a second stage because it costs several times as much for the same events: nearly each has rows of its own in
 * every dimension. So it begins with the hour, counts all of an hour in which something changed, and runs every few
 * seconds; totals never wait for it. While agents wait to be named, their tenant's hours wait too.
 */
@Injectable()
@HandlesJob(refreshDimensionsJob)
export class RefreshDimensions {
  private readonly drain: DayDrain;

  constructor(
    private readonly db: TenantDb,
    @Inject(APP_POOL) pool: RolePool,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.drain = new DayDrain(pool, logger, 'dimension', (day) => this.refreshDay(day));
  }

  run(): Promise<DrainReport> {
    return this.drain.run();
  }

  private refreshDay({ tenantId, day }: DueDay): Promise<number | null> {
    return this.db.run(tenantId, async () => {
      const { sql } = this.db.current;
      if (!(await tryLockDimensions(sql, tenantId, day))) return null;
      if (await agentsWait(sql, tenantId)) return null;
      const marks = await takeMarks(sql, tenantId, 'dimension', day, new Date(day.getTime() + DAY_MS));
      const rawFrom = await rawHorizon(sql, tenantId);
      const hours = marks.buckets.filter((hour) => rawFrom === null || hour >= rawFrom);
      return rebuildHours(sql, tenantId, day, hours);
    });
  }
}

/**
 * Takes the lock of the rows by dimension of a whole UTC month, until the transaction ends; false when someone else holds
 * it. Each of several statements adds to rows of the month: two days at once could wait for each other for ever.
 */
export function tryLockDimensions(sql: Sql, tenantId: TenantId, day: Date): Promise<boolean> {
  return tryLockDay(sql, tenantId, 'dimension', `${utcDate(day).slice(0, 7)}-01`);
}

/** Rebuilds the rows by dimension of some hours of a UTC day. Returns how many rows of hours were written. */
async function rebuildHours(
  sql: Sql,
  tenantId: TenantId,
  day: Date,
  hours: readonly Date[],
): Promise<number> {
  let written = 0;
  // As many hours in one statement as stay within the statement timeout on a very busy day.
  for (let at = 0; at < 24; at += HOURS_AT_ONCE) {
    const from = day.getTime() + at * HOUR_MS;
    const some = hours.filter((hour) => floorTime(hour, HOURS_AT_ONCE * HOUR_MS).getTime() === from);
    if (some.length === 0) continue;
    written += await rebuildDimensions(sql, tenantId, some);
    await rebuildTotals(sql, tenantId, 'hour', some, DIMENSIONS, DAY_AND_MONTH);
  }
  return written;
}

const HOURS_AT_ONCE = 3;
