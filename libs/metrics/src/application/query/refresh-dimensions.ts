import { Inject, Injectable } from '@nestjs/common';
import { APP_POOL, RolePool, TenantDb, type Sql } from '@lib/database';
import { LOGGER } from '@lib/observability';
import { DAY_MS, floorTime, HOUR_MS, utcDate, type TenantId } from '@lib/primitives';
import { HandlesJob } from '@lib/queue';
import {
  DayDrain,
  IN_PASSING,
  moveWatermark,
  rawHorizon,
  takeMarks,
  tryLockDay,
  type DrainReport,
  type DueDay,
} from '@lib/time-series';
import type { Logger } from 'pino';
import { distinctStarts } from '../../domain/distinct-starts.js';
import { agentsWait } from '../../infrastructure/query/agents-wait.sql.js';
import { hasSlices, removeSlices } from '../../infrastructure/query/open-hour.sql.js';
import { rebuildDimensions } from '../../infrastructure/query/rebuild-dimensions.sql.js';
import { refreshDimensionsJob } from './refresh-dimensions.job.js';

/**
 * Rebuilds rollups by app, device and country, for the slices whose totals were refreshed, under the same discipline as
 * `RefreshAggregates` and under a lock of its own: it writes other rows.
 *
 * It is a second stage because it costs several times as much for the same events: nearly each has rows of its own in
 * every dimension. So it runs every few seconds, for a part of a worker's time; totals never wait for it. Of an hour that
 * runs, or has just ended, only the slices are counted in which something changed; of others all, since keeping the slices
 * of all hours would take more room than everything else. While agents wait to be named, their tenant's hours wait too.
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
    this.drain = new DayDrain(pool, logger, 'dimension', (day) => this.refreshDay(day), IN_PASSING);
  }

  run(): Promise<DrainReport> {
    return this.drain.run();
  }

  private refreshDay({ tenantId, day }: DueDay): Promise<number | null> {
    return this.db.run(
      tenantId,
      async () => {
        const { sql } = this.db.current;
        if (!(await tryLockDimensions(sql, tenantId, day))) return null;
        if (await agentsWait(sql, tenantId)) return null;
        const marks = await takeMarks(sql, tenantId, 'dimension', day, new Date(day.getTime() + DAY_MS));
        const rawFrom = await rawHorizon(sql, tenantId);
        const slices = marks.buckets.filter((slice) => rawFrom === null || slice >= rawFrom);
        const written = await rebuildDay(sql, tenantId, day, slices);
        if (written > 0) await moveWatermark(sql, tenantId);
        return written;
      },
      { repeated: true },
    );
  }
}

/**
 * Takes the lock of the rows by dimension of a whole UTC month, until the transaction ends; false when someone else holds
 * it. Each of several statements adds to rows of the month: two days at once could wait for each other for ever.
 */
export function tryLockDimensions(sql: Sql, tenantId: TenantId, day: Date): Promise<boolean> {
  return tryLockDay(sql, tenantId, 'dimension', `${utcDate(day).slice(0, 7)}-01`);
}

/** Recounts what some slices of a UTC day hold by dimension. Returns how many rows were written. */
async function rebuildDay(sql: Sql, tenantId: TenantId, day: Date, slices: readonly Date[]): Promise<number> {
  const running = floorTime(new Date(Date.now() - RUNNING_MS), HOUR_MS);
  let written = 0;
  // One hour at a time: two of the busiest tenant together could exceed the statement timeout.
  for (const hour of distinctStarts(slices, HOUR_MS)) {
    const marked = slices.filter((slice) => floorTime(slice, HOUR_MS).getTime() === hour.getTime());
    const isOpen = hour >= running && (await hasSlices(sql, tenantId, hour));
    written += isOpen
      ? await rebuildDimensions(sql, tenantId, { grain: 'slice', buckets: marked })
      : await rebuildHour(sql, tenantId, hour);
  }
  await removeSlices(
    sql,
    tenantId,
    startOfMonth(day),
    new Date(Math.min(running.getTime(), endOfMonth(day))),
  );
  return written;
}

/**
 * Recounts a whole UTC hour by dimension, whose slices are no longer relied on. Call it under the month's lock. Returns how
 * many rows were written.
 */
export async function rebuildHour(sql: Sql, tenantId: TenantId, hour: Date): Promise<number> {
  await removeSlices(sql, tenantId, hour, new Date(hour.getTime() + HOUR_MS));
  return rebuildDimensions(sql, tenantId, { grain: 'hour', buckets: [hour] });
}

/** For how long after its end an hour is still refreshed by slices: later, few of its events come in. */
const RUNNING_MS = HOUR_MS;

function startOfMonth(day: Date): Date {
  return new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth()));
}

function endOfMonth(day: Date): number {
  return Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1);
}
