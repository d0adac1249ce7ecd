import { Inject, Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { MAINTENANCE_POOL, RolePool, TenantDb } from '@lib/database';
import { DAY_MS, floorTime } from '@lib/primitives';
import { HandlesJob } from '@lib/queue';
import { EngineInForce } from './engine-in-force.js';
import { enforceRetentionJob } from './enforce-retention.job.js';
import { forEachTenant } from './for-each-tenant.js';
import {
  deleteRawEvents,
  moveRawHorizon,
  oldestRawEvent,
  rawRetentions,
  type RawRetention,
} from './partitions.sql.js';

/** Longer than any refresh may run: one that read the old horizon is over before rows go. */
const SETTLE_MS = 10 * 60_000;

/**
 * Removes raw events past each tenant's retention, in an order in which no number can change: wait until every mark
 * before the cut is refreshed, freeze the buckets before it, and only a while later drop whole partitions that no tenant
 * needs and delete the rest day by day.
 */
@Injectable()
@HandlesJob(enforceRetentionJob)
export class EnforceRetention {
  constructor(
    private readonly settings: Settings,
    private readonly db: TenantDb,
    private readonly engine: EngineInForce,
    @Inject(MAINTENANCE_POOL) private readonly maintenance: RolePool,
  ) {}

  async run(now = new Date()): Promise<Record<string, number>> {
    const tenants = await this.maintenance.transaction(rawRetentions);
    let frozen = 0;
    const fault = await faultOf(
      forEachTenant(tenants, async (tenant) => {
        frozen += await this.freeze(tenant, now);
      }),
    );
    const settled = tenants.filter((tenant) => isSettled(tenant, now));
    const dropped = await this.dropUnneeded(tenants, settled, now);
    let deleted = 0;
    await forEachTenant(settled, async (tenant) => {
      deleted += await this.deleteBeforeHorizon(tenant);
    });
    if (fault !== undefined) throw fault;
    return { frozen, dropped, deleted };
  }

  private async freeze(tenant: RawRetention, now: Date): Promise<number> {
    const days = Math.max(
      tenant.retentionDays ?? this.settings.rawRetentionDays,
      this.settings.ingestAcceptanceDays + 1,
    );
    const cut = floorTime(new Date(now.getTime() - days * DAY_MS), DAY_MS);
    if (tenant.rawFrom !== null && tenant.rawFrom >= cut) return 0;
    if (tenant.oldestMark !== null && tenant.oldestMark < cut) return 0;
    await this.db.run(tenant.tenantId, () => moveRawHorizon(this.db.current.sql, tenant.tenantId, cut));
    return 1;
  }

  private async dropUnneeded(tenants: RawRetention[], settled: RawRetention[], now: Date): Promise<number> {
    // A tenant without a settled horizon may still need any partition.
    if (tenants.length === 0 || settled.length < tenants.length) return 0;
    const floor = Math.min(...settled.map((tenant) => tenant.rawFrom?.getTime() ?? 0));
    if (floor > now.getTime() - 8 * DAY_MS) return 0;
    return (await this.engine.get()).dropBefore(new Date(floor));
  }

  private async deleteBeforeHorizon({ tenantId, rawFrom }: RawRetention): Promise<number> {
    if (rawFrom === null) return 0;
    let deleted = 0;
    for (;;) {
      const oldest = await this.maintenance.transaction((sql) => oldestRawEvent(sql, tenantId));
      if (oldest === null || oldest >= rawFrom) return deleted;
      const from = floorTime(oldest, DAY_MS);
      const to = new Date(Math.min(from.getTime() + DAY_MS, rawFrom.getTime()));
      deleted += await this.maintenance.transaction((sql) => deleteRawEvents(sql, tenantId, from, to));
    }
  }
}

/** What some work failed of, where the rest may go on; what says that the database is away is thrown. */
async function faultOf(work: Promise<void>): Promise<Error | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (error instanceof AggregateError) return error;
    throw error;
  }
}

function isSettled({ rawFrom, movedAt }: RawRetention, now: Date): boolean {
  return rawFrom !== null && movedAt !== null && now.getTime() - movedAt.getTime() >= SETTLE_MS;
}
