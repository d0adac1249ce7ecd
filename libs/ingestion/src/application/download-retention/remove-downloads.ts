import { Inject, Injectable } from '@nestjs/common';
import { MAINTENANCE_POOL, RolePool, TenantDb } from '@lib/database';
import { DAY_MS, floorTime, utcDate, type TenantId } from '@lib/primitives';
import { HandlesJob } from '@lib/queue';
import { TenantsService } from '@lib/tenants';
import { everyTenant, tryLockDay } from '@lib/time-series';
import {
  downloadDays,
  moveDownloadHorizon,
  removeDownloadDay,
} from '../../infrastructure/download-retention/download-days.sql.js';
import { removeDownloadsJob } from './remove-downloads.job.js';

/** Longer than counting a day may take: whoever read an earlier raw horizon is done by then. */
const SETTLE_MS = 10 * 60_000;
/** What is left then is done in the next run. */
const BUDGET_MS = 5 * 60_000;

/**
 * Removes single downloads past each tenant's retention; rollups go on counting them.
 *
 * Only of days whose raw requests are gone and on which no mark waits, so that nobody counts or rolls them up again. First
 * the horizon moves, and whoever needs them is refused or reads rollups; then they go, a day in each transaction.
 */
@Injectable()
@HandlesJob(removeDownloadsJob)
export class RemoveDownloads {
  constructor(
    private readonly db: TenantDb,
    private readonly tenants: TenantsService,
    @Inject(MAINTENANCE_POOL) private readonly maintenance: RolePool,
  ) {}

  /** Returns how many downloads went. */
  async run(now = new Date()): Promise<Record<'removed', number>> {
    const deadline = Date.now() + BUDGET_MS;
    let removed = 0;
    for (const tenantId of await this.maintenance.transaction(everyTenant)) {
      for (;;) {
        const step = Date.now() < deadline ? await this.step(tenantId, now) : null;
        if (step === null) break;
        removed += step;
      }
    }
    return { removed };
  }

  /** Removes the oldest day; null when there is none to remove, or someone counts it. */
  private async step(tenantId: TenantId, now: Date): Promise<number | null> {
    const day = await this.db.run(tenantId, () => this.nextDay(tenantId, now));
    if (day === null) return null;
    return this.db.run(tenantId, async () => {
      const { sql } = this.db.current;
      if (!(await tryLockDay(sql, tenantId, 'count', utcDate(day)))) return null;
      return removeDownloadDay(sql, tenantId, utcDate(day));
    });
  }

  private async nextDay(tenantId: TenantId, now: Date): Promise<Date | null> {
    const { sql } = this.db.current;
    const stored = await downloadDays(sql, tenantId, new Date(now.getTime() - SETTLE_MS));
    if (stored.frozenUntil === null || stored.oldest === null) return null;
    const { download } = await this.tenants.retention();
    const limits = [now.getTime() - download * DAY_MS, stored.frozenUntil.getTime()];
    if (stored.oldestMark !== null) limits.push(stored.oldestMark.getTime());
    const keptFrom = floorTime(new Date(Math.min(...limits)), DAY_MS);
    if (stored.oldest >= keptFrom) return null;
    await moveDownloadHorizon(sql, tenantId, keptFrom);
    return stored.oldest;
  }
}
