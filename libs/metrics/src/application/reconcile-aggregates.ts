import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { TenantDb, type Sql } from '@lib/database';
import { LOGGER } from '@lib/observability';
import { DAY_MS, floorTime, HOUR_MS, utcDate, type TenantId } from '@lib/primitives';
import { HandlesJob } from '@lib/queue';
import { appendMark, moveWatermark, tryLockDay } from '@lib/time-series';
import type { Logger } from 'pino';
import { sliceWidth } from '../domain/retention/kept-rollups.js';
import { compareHour, type HourDrift } from '../infrastructure/compare-hour.sql.js';
import { metricHours } from '../infrastructure/metric-hours.sql.js';
import { repairCoarser, repairScopes } from '../infrastructure/query/repair-dimensions.sql.js';
import { rebuildSlices } from '../infrastructure/rebuild-slices.sql.js';
import { rebuildSums } from '../infrastructure/rebuild-sums.sql.js';
import { rebuildTotals } from '../infrastructure/rebuild-totals.sql.js';
import { keptRollups } from '../infrastructure/retention/kept-rollups.sql.js';
import { repairMonths } from '../infrastructure/repair-months.sql.js';
import { COUNTS, HEARD } from '../infrastructure/summed-metrics.js';
import { LISTENER_METRICS, LISTENER_TOTALS } from '../infrastructure/write-difference.js';
import { repairListening } from './listening/repair-listening.js';
import { rebuildHour, tryLockDimensions } from './query/refresh-dimensions.js';
import { repairRelease } from './releases/repair-release.js';
import { RecentTenants } from './recent-tenants.js';
import { reconcileAggregatesJob } from './reconcile-aggregates.job.js';
import { driftEvents } from './rollup-metrics.js';

/**
 * Proves by samples that rollups are what raw events say: recounts a random hour of a tenant that this process refreshed
 * lately, and the curve and the totals of a random release of it, reports any difference in `aggregate_drift_events` and
 * repairs it.
 */
@Injectable()
@HandlesJob(reconcileAggregatesJob)
export class ReconcileAggregates {
  constructor(
    private readonly db: TenantDb,
    private readonly recent: RecentTenants,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async run(): Promise<Record<'checked' | 'drift', number>> {
    const tenantId = this.recent.pick();
    if (tenantId === undefined) return { checked: 0, drift: 0 };
    const hours = await this.db.run(tenantId, () => metricHours(this.db.current.sql, tenantId), {
      readOnly: true,
    });
    const found = [
      hours === undefined ? null : await this.check(tenantId, anyHour(hours.first, hours.last)),
      await this.checkRelease(tenantId),
    ].filter((drift) => drift !== null);
    return { checked: found.length, drift: found.reduce((sum, drift) => sum + drift, 0) };
  }

  /**
   * Compares and repairs one release of a tenant: the first episode at or after an id. Returns the difference, in rows of the
   * curve and downloads of its totals, or null when a refresher holds curves or there is none.
   */
  async checkRelease(tenantId: TenantId, from: string = randomUUID()): Promise<number | null> {
    const found = await this.db.run(tenantId, async () => {
      const { sql } = this.db.current;
      if (!(await tryLockDay(sql, tenantId, 'release', 'any day'))) return undefined;
      const found = await repairRelease(sql, tenantId, from);
      if (found !== undefined && found.cells + found.totals > 0) await moveWatermark(sql, tenantId);
      return found;
    });
    if (found === undefined) return null;
    const drift = found.cells + found.totals;
    driftEvents.inc(drift);
    if (drift > 0) this.logger.error({ tenantId, drift: found }, 'a release differed from rollups');
    return drift;
  }

  /**
   * Compares and repairs one UTC hour of a tenant, and the day and month it is in. Slices with marks, or frozen ones, are not
   * compared, and nothing where retention has removed slices: what is left there has nothing to be compared with. Returns
   * the difference in events and in milliseconds of listening, or null when a refresher holds the day or there is nothing
   * to compare.
   */
  async check(tenantId: TenantId, hour: Date): Promise<number | null> {
    const found = await this.db.run(tenantId, async () => {
      const { sql } = this.db.current;
      const day = floorTime(hour, DAY_MS);
      if (!(await tryLockDay(sql, tenantId, 'rollup', utcDate(day)))) return null;
      if (!(await tryLockDay(sql, tenantId, 'listening', utcDate(day)))) return null;
      if (!(await tryLockDimensions(sql, tenantId, day))) return null;
      const kept = await keptRollups(sql, tenantId);
      if (kept.slice !== null && hour.getTime() < kept.slice) return null;
      const width = sliceWidth(hour.getTime(), kept);
      const drift = await compareHour(sql, tenantId, hour, day, width);
      // First, as every refresh does: months of listening before months of metrics, or two could wait for each other.
      const listening = await repairListening(sql, tenantId, { hour, day, width });
      const dimensions = await repairDimensions(sql, tenantId, hour, drift);
      const found = { ...drift, listening, dimensions };
      if (total(found) > 0) await this.repair(tenantId, { hour, day, width }, drift);
      return found;
    });
    if (found === null) return null;
    const events = total(found);
    // After COMMIT: what was rolled back is found, and counted, again.
    driftEvents.inc(events);
    if (events > 0)
      this.logger.error({ tenantId, at: hour, drift: found }, 'rollups differed from raw events');
    return events;
  }

  private async repair(
    tenantId: TenantId,
    { hour, day, width }: { hour: Date; day: Date; width: number },
    drift: HourDrift,
  ): Promise<void> {
    const { sql } = this.db.current;
    const slices = Array.from({ length: HOUR_MS / width }, (_, n) => new Date(hour.getTime() + n * width));
    if (drift.comparable) await rebuildSlices(sql, tenantId, slices, width);
    for (const metrics of [COUNTS, HEARD]) {
      await rebuildTotals(sql, tenantId, 'slice', slices, metrics);
      await rebuildSums(sql, tenantId, 'hour', [hour], metrics);
      await rebuildTotals(sql, tenantId, 'hour', [hour], metrics);
      await rebuildSums(sql, tenantId, 'day', [day], metrics);
      await rebuildTotals(sql, tenantId, 'day', [day], metrics);
    }
    await repairMonths(sql, tenantId, LISTENER_METRICS, day);
    await repairMonths(sql, tenantId, LISTENER_TOTALS, day);
    await appendMark(sql, tenantId, 'metrics_daily', day, null);
    await appendMark(sql, tenantId, 'release', day, null);
    await moveWatermark(sql, tenantId);
  }
}

/** Makes the rows by app, device and country right, and returns by how many events they were wrong. */
async function repairDimensions(
  sql: Sql,
  tenantId: TenantId,
  hour: Date,
  { dimensions }: HourDrift,
): Promise<number> {
  if (dimensions > 0) await rebuildHour(sql, tenantId, hour);
  let wrong = dimensions;
  for (const grain of ['day', 'month'] as const) wrong += await repairCoarser(sql, tenantId, grain, hour);
  for (const grain of ['hour', 'day', 'month'] as const)
    wrong += await repairScopes(sql, tenantId, grain, hour);
  return wrong;
}

function anyHour(first: Date, last: Date): Date {
  const hours = Math.floor((last.getTime() - first.getTime()) / HOUR_MS) + 1;
  return floorTime(new Date(first.getTime() + Math.floor(Math.random() * hours) * HOUR_MS), HOUR_MS);
}

function total({
  slices,
  hour,
  dimensions,
  day,
  month,
  totals,
  listening,
}: HourDrift & { listening: number }): number {
  return slices + hour + dimensions + day + month + totals + listening;
}
