import { Inject, Injectable } from '@nestjs/common';
import { APP_POOL, RolePool, TenantDb } from '@lib/database';
import { LOGGER } from '@lib/observability';
import { DAY_MS, utcDate } from '@lib/primitives';
import { HandlesJob } from '@lib/queue';
import {
  allowLongStatements,
  DayDrain,
  IN_PASSING,
  moveWatermark,
  takeMarks,
  tryLockDay,
  type DrainReport,
  type DueDay,
} from '@lib/time-series';
import type { Logger } from 'pino';
import { rebuildAudience } from '../../infrastructure/audience/rebuild-audience.sql.js';
import { refreshAudienceJob } from './refresh-audience.job.js';

/**
 * Rebuilds the audience sketches of the UTC days whose downloads changed, under the same discipline as
 * `RefreshAggregates`. They come from downloads, which are kept for longer than raw events; sketches of days whose downloads
 * are gone stand for good.
 *
 * An erasure marks the days on which the listener's downloads began, so the rebuild takes their ids out of sketches too;
 * from those of frozen days it takes them itself.
 */
@Injectable()
@HandlesJob(refreshAudienceJob)
export class RefreshAudience {
  private readonly drain: DayDrain;

  constructor(
    private readonly db: TenantDb,
    @Inject(APP_POOL) pool: RolePool,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.drain = new DayDrain(pool, logger, 'audience', (day) => this.refreshDay(day), IN_PASSING);
  }

  run(): Promise<DrainReport> {
    return this.drain.run();
  }

  private refreshDay({ tenantId, day }: DueDay): Promise<number | null> {
    return this.db.run(tenantId, async () => {
      const { sql } = this.db.current;
      if (!(await tryLockDay(sql, tenantId, 'audience', utcDate(day)))) return null;
      await takeMarks(sql, tenantId, 'audience', day, new Date(day.getTime() + DAY_MS));
      await allowLongStatements(sql);
      const written = await rebuildAudience(sql, tenantId, day);
      if (written > 0) await moveWatermark(sql, tenantId);
      return written;
    });
  }
}
