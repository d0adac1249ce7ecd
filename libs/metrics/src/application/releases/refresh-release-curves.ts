import { Inject, Injectable } from '@nestjs/common';
import { APP_POOL, RolePool, TenantDb } from '@lib/database';
import { LOGGER } from '@lib/observability';
import { DAY_MS, type TenantId } from '@lib/primitives';
import { HandlesJob } from '@lib/queue';
import {
  appendMark,
  DayDrain,
  IN_PASSING,
  moveWatermark,
  takeMarks,
  tryLockDay,
  type DrainReport,
} from '@lib/time-series';
import type { Logger } from 'pino';
import { rebuildCells } from '../../infrastructure/releases/rebuild-cells.sql.js';
import { cellsOfDay, cellsOfEpisodes } from '../../infrastructure/releases/release-cells.sql.js';
import { settleStarts } from '../../infrastructure/releases/settle-starts.sql.js';
import { staleStarts } from '../../infrastructure/releases/stale-starts.sql.js';
import { refreshReleaseCurvesJob } from './refresh-release-curves.job.js';

/** Episodes whose whole curve is built in one transaction. */
const BATCH = 100;

/**
 * Keeps `release_curves` up to date: downloads of every episode by whole 24-hour steps since it was published, for its
 * first 366 days (ages 0 to 365).
 *
 * A UTC day whose rollups changed is marked `release`; the cells that share a slice with it are summed anew. An episode
 * whose date of publication changed is found by comparing it with the start that its curve was built from: whenever
 * downloads of it change, and when the catalog says by a mark `publication` that dates did.
 *
 * A cell touches two UTC days, so the lock is the tenant's and not the day's: of two refreshes at once the one that read
 * first could write last.
 */
@Injectable()
@HandlesJob(refreshReleaseCurvesJob)
export class RefreshReleaseCurves {
  private readonly publications: DayDrain;
  private readonly days: DayDrain;

  constructor(
    private readonly db: TenantDb,
    @Inject(APP_POOL) pool: RolePool,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.publications = new DayDrain(pool, logger, 'publication', ({ tenantId }) => this.redate(tenantId));
    this.days = new DayDrain(
      pool,
      logger,
      'release',
      ({ tenantId, day }) => this.refreshDay(tenantId, day),
      IN_PASSING,
    );
  }

  async run(): Promise<DrainReport> {
    const [dates, days] = [await this.publications.run(), await this.days.run()];
    return {
      days: dates.days + days.days,
      rows: dates.rows + days.rows,
      busy: dates.busy + days.busy,
      failed: dates.failed + days.failed,
    };
  }

  private redate(tenantId: TenantId): Promise<number | null> {
    return this.advance(tenantId, 'publication', new Date(0), (limit) =>
      staleStarts(this.db.current.sql, tenantId, null, limit),
    );
  }

  private refreshDay(tenantId: TenantId, day: Date): Promise<number | null> {
    return this.advance(tenantId, 'release', day, (limit) =>
      staleStarts(this.db.current.sql, tenantId, day, limit),
    );
  }

  /** Works off the marks of a kind and day in steps. Returns how many rows were written; null when another worker does. */
  private async advance(
    tenantId: TenantId,
    kind: 'publication' | 'release',
    day: Date,
    findStale: (limit: number) => Promise<string[]>,
  ): Promise<number | null> {
    for (let written = 0; ;) {
      const step = await this.db.run(tenantId, async () => {
        const { sql } = this.db.current;
        if (!(await tryLockDay(sql, tenantId, 'release', 'any day'))) return null;
        const marks = await takeMarks(sql, tenantId, kind, day, new Date(day.getTime() + DAY_MS));
        const stale = await findStale(BATCH);
        const built = await this.buildWhole(tenantId, stale);
        const more = stale.length === BATCH;
        if (more) await appendMark(sql, tenantId, kind, day, marks.oldest);
        const ofDay =
          more || kind === 'publication'
            ? 0
            : await rebuildCells(sql, tenantId, await cellsOfDay(sql, tenantId, day));
        if (built + ofDay > 0) await moveWatermark(sql, tenantId);
        return { more, written: built + ofDay };
      });
      if (step === null) return null;
      written += step.written;
      if (!step.more) return written;
    }
  }

  /** Builds the whole curves of episodes from their present dates of publication. */
  private async buildWhole(tenantId: TenantId, episodeIds: readonly string[]): Promise<number> {
    if (episodeIds.length === 0) return 0;
    const { sql } = this.db.current;
    await settleStarts(sql, tenantId, episodeIds);
    return rebuildCells(sql, tenantId, await cellsOfEpisodes(sql, tenantId, episodeIds));
  }
}
