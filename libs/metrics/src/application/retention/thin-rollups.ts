import { Inject, Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { MAINTENANCE_POOL, RolePool, TenantDb, type Sql } from '@lib/database';
import { DAY_MS, floorTime, HOUR_MS, utcDate, type TenantId } from '@lib/primitives';
import { HandlesJob } from '@lib/queue';
import { TenantsService } from '@lib/tenants';
import { everyTenant, forEachTenant, moveWatermark, tryLockDay } from '@lib/time-series';
import type { Grain } from '../../domain/cover-with-grains.js';
import { ALL_KEPT, type KeptRollups } from '../../domain/retention/kept-rollups.js';
import { planHorizons, type StoredRollups } from '../../domain/retention/plan-horizons.js';
import { moveHorizons } from '../../infrastructure/retention/move-horizons.sql.js';
import { firstRollup, removeRollups } from '../../infrastructure/retention/remove-rollups.sql.js';
import { storedRollups } from '../../infrastructure/retention/stored-rollups.sql.js';
import { widenSlices } from '../../infrastructure/retention/widen-slices.sql.js';
import { ThinDerived } from './thin-derived.js';
import { thinRollupsJob } from './thin-rollups.job.js';

/** Longer than any refresh may run: one that read an earlier raw horizon is over by then. */
const SETTLE_MS = 10 * 60_000;
/** What is left then is done in the next run. */
const BUDGET_MS = 5 * 60_000;
/** A quarter of a UTC day: one statement over the whole of a very busy day could exceed the statement timeout. */
const STEP_MS = 6 * HOUR_MS;
const GRAINS = ['slice', 'hour', 'day', 'month'] as const;

/**
 * Makes rollups fewer as they grow old, without changing a number that can still be asked for.
 *
 * Where asked to, slices of days before the acceptance window are made 15 minutes wide, a day in each transaction, under the locks of those
 * who rebuild the day: who comes later finds `quartersUntil` behind the day and rebuilds wide slices. Rows past a tenant's
 * retention go where raw events are gone too, so that nobody rebuilds anything from them: first the horizon moves, and
 * questions that need them are refused; then they go, a quarter of a day at a time, and what rests on them after them.
 */
@Injectable()
@HandlesJob(thinRollupsJob)
export class ThinRollups {
  constructor(
    private readonly settings: Settings,
    private readonly db: TenantDb,
    private readonly tenants: TenantsService,
    @Inject(MAINTENANCE_POOL) private readonly maintenance: RolePool,
    private readonly derived: ThinDerived,
  ) {}

  /** Returns how many rows were saved by wider slices, and how many went. */
  async run(now = new Date()): Promise<Record<'widened' | 'removed', number>> {
    const deadline = Date.now() + BUDGET_MS;
    const report = { widened: 0, removed: 0 };
    await forEachTenant(await this.maintenance.transaction(everyTenant), async (tenantId) => {
      if (Date.now() >= deadline) return;
      const { stored, kept } = await this.move(tenantId, now);
      report.widened += await this.widen(tenantId, stored, now, deadline);
      for (const grain of GRAINS) report.removed += await this.remove(tenantId, grain, kept, deadline);
      report.removed += await this.derived.remove(tenantId, kept, deadline);
    });
    return report;
  }

  private move(tenantId: TenantId, now: Date): Promise<{ stored: StoredRollups; kept: KeptRollups }> {
    return this.db.run(tenantId, async () => {
      const { sql } = this.db.current;
      const stored = await storedRollups(sql, tenantId, new Date(now.getTime() - SETTLE_MS));
      const kept = planHorizons(stored, await this.tenants.retention(), now.getTime());
      if (GRAINS.some((grain) => kept[grain] !== stored.kept[grain])) {
        await moveHorizons(sql, tenantId, kept);
        await moveWatermark(sql, tenantId);
      }
      return { stored, kept };
    });
  }

  private async widen(
    tenantId: TenantId,
    { kept, oldest }: StoredRollups,
    now: Date,
    deadline: number,
  ): Promise<number> {
    const first = kept.quartersUntil ?? oldest.slice;
    if (first === null) return 0;
    const end = now.getTime() - (this.settings.ingestAcceptanceDays + 1) * DAY_MS;
    let saved = 0;
    for (let day = floorTime(new Date(first), DAY_MS); day.getTime() + DAY_MS <= end; day = dayAfter(day)) {
      const rows = Date.now() >= deadline ? null : await this.widenDay(tenantId, day);
      if (rows === null) break;
      saved += rows;
    }
    return saved;
  }

  /** Null when someone rebuilds the day. */
  private widenDay(tenantId: TenantId, day: Date): Promise<number | null> {
    return this.db.run(tenantId, async () => {
      const { sql } = this.db.current;
      if (!(await tryLockBoth(sql, tenantId, day))) return null;
      let saved = 0;
      // Most days of a small tenant have nothing.
      const first = (await firstRollup(sql, tenantId, 'slice', day)) ?? dayAfter(day);
      for (let at = floorTime(first, STEP_MS); at < dayAfter(day); at = later(at, STEP_MS))
        saved += await widenSlices(sql, tenantId, at, later(at, STEP_MS));
      await moveHorizons(sql, tenantId, { ...ALL_KEPT, quartersUntil: dayAfter(day).getTime() });
      await moveWatermark(sql, tenantId);
      return saved;
    });
  }

  private async remove(
    tenantId: TenantId,
    grain: Grain,
    kept: KeptRollups,
    deadline: number,
  ): Promise<number> {
    const end = kept[grain];
    let [removed, from] = [0, new Date(0)];
    while (end !== null && Date.now() < deadline) {
      const step = await this.removeStep(tenantId, grain, from, new Date(end));
      if (step === null) break;
      removed += step.removed;
      from = step.next;
    }
    return removed;
  }

  /** Removes the first quarter of a day of a grain from `from` on; null when there is none before `end`, or someone holds it. */
  private removeStep(
    tenantId: TenantId,
    grain: Grain,
    from: Date,
    end: Date,
  ): Promise<{ removed: number; next: Date } | null> {
    return this.db.run(tenantId, async () => {
      const { sql } = this.db.current;
      const first = await firstRollup(sql, tenantId, grain, from);
      if (first === null || first >= end) return null;
      if (!(await tryLockBoth(sql, tenantId, first))) return null;
      const start = floorTime(first, STEP_MS);
      const next = later(start, STEP_MS);
      return { removed: await removeRollups(sql, tenantId, grain, start, next), next };
    });
  }
}

/** The locks of who rebuilds the counts of a UTC day, and of who rebuilds its listening. */
async function tryLockBoth(sql: Sql, tenantId: TenantId, day: Date): Promise<boolean> {
  const date = utcDate(day);
  return (
    (await tryLockDay(sql, tenantId, 'rollup', date)) && (await tryLockDay(sql, tenantId, 'listening', date))
  );
}

function dayAfter(day: Date): Date {
  return later(day, DAY_MS);
}

function later(at: Date, ms: number): Date {
  return new Date(at.getTime() + ms);
}
