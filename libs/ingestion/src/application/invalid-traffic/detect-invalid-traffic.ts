import { Inject, Injectable } from '@nestjs/common';
import { APP_POOL, RolePool, TenantDb } from '@lib/database';
import { LOGGER } from '@lib/observability';
import { DAY_MS, utcDate } from '@lib/primitives';
import { HandlesJob } from '@lib/queue';
import {
  allowLongStatements,
  DayDrain,
  IN_PASSING,
  rawHorizon,
  takeMarks,
  tryLockDay,
  type DrainReport,
  type DueDay,
} from '@lib/time-series';
import type { Logger } from 'pino';
import { ADDRESS_LIMITS, suspectAddresses } from '../../domain/invalid-traffic/suspect-addresses.js';
import { suspectPodcasts } from '../../domain/invalid-traffic/suspect-podcasts.js';
import { keepSuspicions } from '../../infrastructure/quarantines.sql.js';
import { busyAddresses, podcastDays } from '../../infrastructure/traffic-day.sql.js';
import { detectInvalidTrafficJob } from './detect-invalid-traffic.job.js';

/**
 * Looks for traffic that people hardly make, in days that are over and counted (PTMG v2.3 §5.4, IAB-35). What it finds
 * changes no number: a person confirms or dismisses it, and a recount leaves out what a rule set names.
 */
@Injectable()
@HandlesJob(detectInvalidTrafficJob)
export class DetectInvalidTraffic {
  private readonly drain: DayDrain;

  constructor(
    private readonly db: TenantDb,
    @Inject(APP_POOL) pool: RolePool,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.drain = new DayDrain(pool, logger, 'detect', (day) => this.lookAt(day), IN_PASSING);
  }

  run(): Promise<DrainReport> {
    return this.drain.run();
  }

  /** Returns the number of findings; null for a day that is not over, or that another worker has. */
  private async lookAt({ tenantId, day }: DueDay): Promise<number | null> {
    const end = new Date(day.getTime() + DAY_MS);
    if (end.getTime() > Date.now()) return null;
    return this.db.run(tenantId, async () => {
      const { sql } = this.db.current;
      if (!(await tryLockDay(sql, tenantId, 'detect', utcDate(day)))) return null;
      await takeMarks(sql, tenantId, 'detect', day, end);
      const rawFrom = await rawHorizon(sql, tenantId);
      if (rawFrom !== null && day < rawFrom) return 0;
      await allowLongStatements(sql);
      const found = [
        ...suspectAddresses(await busyAddresses(sql, tenantId, day, ADDRESS_LIMITS)),
        ...suspectPodcasts(await podcastDays(sql, tenantId, day)),
      ];
      await keepSuspicions(sql, tenantId, utcDate(day), found);
      return found.length;
    });
  }
}
