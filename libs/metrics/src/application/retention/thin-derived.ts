import { Injectable } from '@nestjs/common';
import { TenantDb } from '@lib/database';
import { utcDate, type TenantId } from '@lib/primitives';
import { tryLockDay } from '@lib/time-series';
import { lastStartGone } from '../../domain/releases/release-kept.js';
import type { KeptRollups } from '../../domain/retention/kept-rollups.js';
import { removeReleases, type ReleaseRelation } from '../../infrastructure/retention/remove-releases.sql.js';
import { firstSketchDay, removeSketches } from '../../infrastructure/retention/remove-sketches.sql.js';

/** Episodes whose curves go in one transaction: some 700 rows each. */
const EPISODES = 100;

/**
 * Removes what rests on rollups with the level that it is of: audience sketches, one for each day, and release curves, by
 * days of age, with days; the totals of releases with months. Needs horizons that were moved, and committed, before.
 */
@Injectable()
export class ThinDerived {
  constructor(private readonly db: TenantDb) {}

  /** Stops when time is up, or where a refresh is at work. Returns how many rows went. */
  async remove(tenantId: TenantId, kept: KeptRollups, deadline: number): Promise<number> {
    if (kept.day === null) return 0;
    const firstKept = utcDate(new Date(kept.day));
    return (
      (await repeat(deadline, () => this.removeDay(tenantId, firstKept))) +
      (await this.removeReleases(tenantId, 'release_curves', kept.day, deadline)) +
      (await this.removeReleases(tenantId, 'release_totals', kept.month, deadline))
    );
  }

  private removeDay(tenantId: TenantId, firstKept: string): Promise<number> {
    return this.db.run(tenantId, async () => {
      const { sql } = this.db.current;
      const day = await firstSketchDay(sql, tenantId);
      if (day === null || day >= firstKept || !(await tryLockDay(sql, tenantId, 'audience', day))) return 0;
      return removeSketches(sql, tenantId, day);
    });
  }

  private removeReleases(
    tenantId: TenantId,
    relation: ReleaseRelation,
    keptFrom: number | null,
    deadline: number,
  ): Promise<number> {
    const lastStart = lastStartGone(keptFrom);
    if (lastStart === null) return Promise.resolve(0);
    return repeat(deadline, () =>
      this.db.run(tenantId, async () => {
        const { sql } = this.db.current;
        if (!(await tryLockDay(sql, tenantId, 'release', 'any day'))) return 0;
        return removeReleases(sql, tenantId, relation, new Date(lastStart), EPISODES);
      }),
    );
  }
}

/** Repeats a step until it removes nothing, or time is up; returns what all of them removed. */
async function repeat(deadline: number, step: () => Promise<number>): Promise<number> {
  let removed = 0;
  while (Date.now() < deadline) {
    const rows = await step();
    if (rows === 0) break;
    removed += rows;
  }
  return removed;
}
