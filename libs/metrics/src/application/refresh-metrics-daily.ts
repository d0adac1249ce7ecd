import { Inject, Injectable } from '@nestjs/common';
import { APP_POOL, RolePool, TenantDb } from '@lib/database';
import { LOGGER } from '@lib/observability';
import { DAY_MS, utcDate } from '@lib/primitives';
import { HandlesJob } from '@lib/queue';
import { DayDrain, takeMarks, tryLockDay, type DrainReport, type DueDay } from '@lib/time-series';
import type { Logger } from 'pino';
import { refreshMetricsDaily } from '../infrastructure/refresh-metrics-daily.sql.js';
import { refreshMetricsDailyJob } from './refresh-metrics-daily.job.js';

/** Rebuilds `metrics_daily` for the UTC days whose rollups changed, under the same discipline as `RefreshAggregates`. */
@Injectable()
@HandlesJob(refreshMetricsDailyJob)
export class RefreshMetricsDaily {
  private readonly drain: DayDrain;

  constructor(
    private readonly db: TenantDb,
    @Inject(APP_POOL) pool: RolePool,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.drain = new DayDrain(pool, logger, 'metrics_daily', (day) => this.refreshDay(day));
  }

  run(): Promise<DrainReport> {
    return this.drain.run();
  }

  private refreshDay({ tenantId, day }: DueDay): Promise<number | null> {
    return this.db.run(
      tenantId,
      async () => {
        const { sql } = this.db.current;
        if (!(await tryLockDay(sql, tenantId, 'metrics_daily', utcDate(day)))) return null;
        await takeMarks(sql, tenantId, 'metrics_daily', day, new Date(day.getTime() + DAY_MS));
        return refreshMetricsDaily(sql, tenantId, utcDate(day));
      },
      { repeated: true },
    );
  }
}
