import { Inject, Injectable } from '@nestjs/common';
import { APP_POOL, RolePool, TenantDb } from '@lib/database';
import { LOGGER } from '@lib/observability';
import { DAY_MS, floorTime, type TenantId } from '@lib/primitives';
import { HandlesJob } from '@lib/queue';
import { appendMark, DayDrain, takeMarks, type DrainReport } from '@lib/time-series';
import type { Logger } from 'pino';
import { expireExports, forgetExports, hasExports } from '../../infrastructure/exports/export-work.sql.js';
import { expireExportsJob } from './expire-exports.job.js';

/** How long a tenant still reads that there was a file. */
const REMEMBERED_MS = 30 * DAY_MS;

/** Removes files whose time is over, and after a month the memory of them. */
@Injectable()
@HandlesJob(expireExportsJob)
export class ExpireExports {
  private readonly drain: DayDrain;
  private now = new Date();

  constructor(
    private readonly db: TenantDb,
    @Inject(APP_POOL) pool: RolePool,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.drain = new DayDrain(pool, logger, 'export_expiry', ({ tenantId }) => this.expire(tenantId));
  }

  run(now = new Date()): Promise<DrainReport> {
    this.now = now;
    return this.drain.run();
  }

  private expire(tenantId: TenantId): Promise<number> {
    return this.db.run(tenantId, async () => {
      const { sql } = this.db.current;
      await takeMarks(sql, tenantId, 'export_expiry', new Date(0), new Date('9999-12-31'));
      const expired = await expireExports(sql, tenantId, this.now);
      await forgetExports(sql, tenantId, new Date(this.now.getTime() - REMEMBERED_MS));
      if (await hasExports(sql, tenantId))
        await appendMark(sql, tenantId, 'export_expiry', floorTime(this.now, DAY_MS), null);
      return expired;
    });
  }
}
