import { Inject, Injectable } from '@nestjs/common';
import { APP_POOL, RolePool, TenantDb, type Sql } from '@lib/database';
import { LOGGER } from '@lib/observability';
import { DAY_MS, floorTime, HOUR_MS, SLICE_MS, utcDate, type TenantId } from '@lib/primitives';
import { HandlesJob } from '@lib/queue';
import {
  appendAggregateMarks,
  appendMark,
  appendMarks,
  DayDrain,
  dueWork,
  FIRST,
  keepMark,
  moveWatermark,
  rawHorizon,
  takeMarks,
  tryLockDay,
  type DrainReport,
  type DueDay,
  type MarkKind,
} from '@lib/time-series';
import type { Logger } from 'pino';
import { distinctStarts } from '../domain/distinct-starts.js';
import { sliceWidth } from '../domain/retention/kept-rollups.js';
import { markListening } from '../infrastructure/listening/mark-listening.sql.js';
import { keptRollups } from '../infrastructure/retention/kept-rollups.sql.js';
import { rebuildSlices } from '../infrastructure/rebuild-slices.sql.js';
import { rebuildSums } from '../infrastructure/rebuild-sums.sql.js';
import { rebuildTotals } from '../infrastructure/rebuild-totals.sql.js';
import { RecentTenants } from './recent-tenants.js';
import { refreshAggregatesJob } from './refresh-aggregates.job.js';
import { measureBacklogWith } from './rollup-metrics.js';

/** A quarter of a UTC day. */
const QUARTER_MS = 6 * HOUR_MS;

/**
 * Rebuilds the rollups that events have made out of date.
 *
 * Whoever writes events appends marks in the same transaction. For each marked UTC day of a tenant, one READ COMMITTED
 * transaction takes the day's lock, deletes the marks it sees and recounts just those slices from raw events; then hours
 * are summed from slices and the day from hours, each of them over episodes, and what that changed in the day is added to
 * its month. Late, repeated and disordered events need nothing special, a crash
 * leaves the marks where they were, and running twice writes nothing.
 *
 * Both the lock and the marks that are never unique are needed: without either, refreshes get lost.
 */
@Injectable()
@HandlesJob(refreshAggregatesJob)
export class RefreshAggregates {
  private readonly drain: DayDrain;

  constructor(
    private readonly db: TenantDb,
    @Inject(APP_POOL) pool: RolePool,
    @Inject(LOGGER) logger: Logger,
    private readonly recent: RecentTenants,
  ) {
    this.drain = new DayDrain(pool, logger, 'slice', (day) => this.refreshDay(day), FIRST);
    const age = async (kind: MarkKind) =>
      (await pool.transaction((sql) => dueWork(sql, kind, 1)))[0]?.ageSeconds ?? 0;
    measureBacklogWith(async () => ({
      count: await age('count'),
      slice: await age('slice'),
      listening: await age('listening'),
      dimension: await age('dimension'),
      metrics_daily: await age('metrics_daily'),
      audience: await age('audience'),
    }));
  }

  run(): Promise<DrainReport> {
    return this.drain.run();
  }

  private async refreshDay({ tenantId, day }: DueDay): Promise<number | null> {
    this.recent.note(tenantId);
    return this.db.run(
      tenantId,
      async () => {
        const { sql } = this.db.current;
        if (!(await tryLockDay(sql, tenantId, 'rollup', utcDate(day)))) return null;
        const marks = await takeMarks(sql, tenantId, 'slice', day, new Date(day.getTime() + DAY_MS));
        const rawFrom = await rawHorizon(sql, tenantId);
        const slices = marks.buckets.filter((slice) => rawFrom === null || slice >= rawFrom);
        await appendAggregateMarks(sql, tenantId, slices, marks.oldest);
        // Under the day's lock: retention makes the slices of a day wider in one transaction that holds it.
        const width = sliceWidth(day.getTime(), await keptRollups(sql, tenantId));
        const written = await rebuildDay(sql, tenantId, day, slices, width);
        // Whatever changed in them: an agent that is erased leaves totals as they are.
        await appendMarks(sql, tenantId, 'dimension', slices, marks.oldest);
        await markListening(sql, tenantId, distinctStarts(slices, width), width, marks.oldest);
        if (written > 0) {
          await appendMark(sql, tenantId, 'metrics_daily', day, marks.oldest);
          await appendMark(sql, tenantId, 'release', day, marks.oldest);
          await keepMark(sql, tenantId, 'anomaly', day);
          await moveWatermark(sql, tenantId);
        }
        return written;
      },
      { repeated: true },
    );
  }
}

/**
 * Recounts the slices of one UTC day that hold what was marked, then sums the hours they are in and the day. Call it under
 * the day's lock. Returns how many rows were written.
 *
 * @param marked ascending
 * @param width of the day's slices, in milliseconds
 */
export async function rebuildDay(
  sql: Sql,
  tenantId: TenantId,
  day: Date,
  marked: readonly Date[],
  width: number,
): Promise<number> {
  if (marked.length === 0) return 0;
  const slices = distinctStarts(marked, width);
  const quarters = new Map<number, Date[]>();
  for (const slice of slices) {
    const quarter = floorTime(slice, QUARTER_MS).getTime();
    quarters.set(quarter, [...(quarters.get(quarter) ?? []), slice]);
  }
  let written = 0;
  // One statement over the whole of a very busy day could exceed the statement timeout on every try.
  for (const slicesOfQuarter of quarters.values()) {
    written += await rebuildSlices(sql, tenantId, slicesOfQuarter, width);
    const hours = distinctStarts(slicesOfQuarter, HOUR_MS);
    await rebuildTotals(sql, tenantId, 'slice', narrowSlices(slicesOfQuarter, width));
    written += await rebuildSums(sql, tenantId, 'hour', hours);
    await rebuildTotals(sql, tenantId, 'hour', hours);
  }
  written += await rebuildSums(sql, tenantId, 'day', [day]);
  await rebuildTotals(sql, tenantId, 'day', [day]);
  return written;
}

/** Starts of all slices of 5 minutes in some wider ones: one that is stored there in spite of the width has to go. */
function narrowSlices(slices: readonly Date[], width: number): Date[] {
  const offsets = Array.from({ length: width / SLICE_MS }, (_, n) => n * SLICE_MS);
  return slices.flatMap((slice) => offsets.map((offset) => new Date(slice.getTime() + offset)));
}
