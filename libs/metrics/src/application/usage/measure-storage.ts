import { Inject, Injectable } from '@nestjs/common';
import { APP_POOL, MAINTENANCE_POOL, RolePool, TenantDb } from '@lib/database';
import { utcDate, type TenantId } from '@lib/primitives';
import { HandlesJob } from '@lib/queue';
import { allowLongStatements, everyTenant, forEachTenant } from '@lib/time-series';
import { isMeasured, storeUsage, type StorageLine } from '../../infrastructure/usage/storage-usage.sql.js';
import {
  averageRowBytes,
  countAll,
  countStretch,
  STORED_RELATIONS,
  type StoredRelation,
  type TimedRelation,
} from '../../infrastructure/usage/stored-relations.sql.js';
import { measureStorageJob } from './measure-storage.job.js';

/** What is left then is measured in the next run. */
const BUDGET_MS = 10 * 60_000;

/**
 * Measures once a UTC day how much each tenant has stored, so that asking costs nothing.
 *
 * Rows are counted, a month of a table in each transaction. The server knows sizes of whole tables only, so bytes are an
 * estimate: rows by the average size of a row of that table.
 */
@Injectable()
@HandlesJob(measureStorageJob)
export class MeasureStorage {
  constructor(
    private readonly db: TenantDb,
    @Inject(APP_POOL) private readonly app: RolePool,
    @Inject(MAINTENANCE_POOL) private readonly maintenance: RolePool,
  ) {}

  /** Returns how many tenants were measured. */
  async run(now = new Date()): Promise<Record<'tenants', number>> {
    const deadline = Date.now() + BUDGET_MS;
    const rowBytes = await this.app.transaction(averageRowBytes);
    let tenants = 0;
    await forEachTenant(await this.maintenance.transaction(everyTenant), async (tenantId) => {
      if (Date.now() >= deadline) return;
      if (await this.measure(tenantId, utcDate(now), rowBytes)) tenants += 1;
    });
    return { tenants };
  }

  private async measure(
    tenantId: TenantId,
    day: string,
    rowBytes: ReadonlyMap<string, number>,
  ): Promise<boolean> {
    if (await this.db.run(tenantId, () => isMeasured(this.db.current.sql, tenantId, day))) return false;
    const lines: StorageLine[] = [];
    for (const stored of STORED_RELATIONS) {
      const rows = await this.countRows(tenantId, stored);
      const each = rowBytes.get(stored.relation);
      const bytes = rows === 0 ? 0 : each === undefined ? null : Math.round(rows * each);
      lines.push({ relation: stored.relation, level: stored.level, rows, bytes });
    }
    await this.db.run(tenantId, () => storeUsage(this.db.current.sql, tenantId, day, lines));
    return true;
  }

  private countRows(tenantId: TenantId, stored: StoredRelation): Promise<number> {
    const { time } = stored;
    if (time !== null) return this.countStretches(tenantId, { ...stored, time });
    return this.db.run(
      tenantId,
      async () => {
        const { sql } = this.db.current;
        await allowLongStatements(sql);
        return countAll(sql, tenantId, stored);
      },
      { readOnly: true },
    );
  }

  private async countStretches(tenantId: TenantId, stored: TimedRelation): Promise<number> {
    let [rows, from] = [0, new Date(0)];
    for (;;) {
      const stretch = await this.db.run(
        tenantId,
        () => countStretch(this.db.current.sql, tenantId, stored, from),
        { readOnly: true },
      );
      if (stretch === null) return rows;
      rows += stretch.rows;
      from = stretch.next;
    }
  }
}
