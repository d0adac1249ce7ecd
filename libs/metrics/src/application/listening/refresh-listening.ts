import { Inject, Injectable } from '@nestjs/common';
import { APP_POOL, RolePool, TenantDb, type Sql } from '@lib/database';
import { LOGGER } from '@lib/observability';
import { DAY_MS, HOUR_MS, utcDate, type TenantId } from '@lib/primitives';
import { HandlesJob } from '@lib/queue';
import {
  appendMark,
  DayDrain,
  IN_PASSING,
  moveWatermark,
  takeMarks,
  tryLockDay,
  type DrainReport,
  type DueDay,
} from '@lib/time-series';
import type { Logger } from 'pino';
import { distinctStarts } from '../../domain/distinct-starts.js';
import { sliceWidth } from '../../domain/retention/kept-rollups.js';
import { addListeningToMonth } from '../../infrastructure/listening/add-listening-to-month.sql.js';
import { rebuildListenTime } from '../../infrastructure/listening/rebuild-listen-time.sql.js';
import {
  rebuildListening,
  type ListeningChange,
} from '../../infrastructure/listening/rebuild-listening.sql.js';
import { rebuildSums } from '../../infrastructure/rebuild-sums.sql.js';
import { rebuildTotals } from '../../infrastructure/rebuild-totals.sql.js';
import { keptRollups } from '../../infrastructure/retention/kept-rollups.sql.js';
import { HEARD } from '../../infrastructure/summed-metrics.js';
import { refreshListeningJob } from './refresh-listening.job.js';

/** Of an hour. Sessions take longer to read than counts do: a busy day in one statement could exceed its timeout. */
const SLICES_AT_ONCE = 12;

/**
 * Reads again what was heard in slices whose counts changed, and makes the metric of listen time follow, under the same
 * discipline as `RefreshAggregates` and under a lock of its own: it writes other rows.
 *
 * It is a second stage because reading sessions takes many times as long as counting their events: downloads and counts
 * never wait for it.
 */
@Injectable()
@HandlesJob(refreshListeningJob)
export class RefreshListening {
  private readonly drain: DayDrain;

  constructor(
    private readonly db: TenantDb,
    @Inject(APP_POOL) pool: RolePool,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.drain = new DayDrain(pool, logger, 'listening', (day) => this.refreshDay(day), IN_PASSING);
  }

  run(): Promise<DrainReport> {
    return this.drain.run();
  }

  private refreshDay({ tenantId, day }: DueDay): Promise<number | null> {
    return this.db.run(
      tenantId,
      async () => {
        const { sql } = this.db.current;
        if (!(await tryLockDay(sql, tenantId, 'listening', utcDate(day)))) return null;
        const { buckets } = await takeMarks(
          sql,
          tenantId,
          'listening',
          day,
          new Date(day.getTime() + DAY_MS),
        );
        // Under the lock: retention makes the slices of a day wider in one transaction that holds it.
        const width = sliceWidth(day.getTime(), await keptRollups(sql, tenantId));
        const changes = await readAgain(sql, tenantId, distinctStarts(buckets, width), width);
        return changes.length + (await followListening(sql, tenantId, day, changes));
      },
      { repeated: true },
    );
  }
}

async function readAgain(
  sql: Sql,
  tenantId: TenantId,
  slices: readonly Date[],
  width: number,
): Promise<ListeningChange[]> {
  const changes: ListeningChange[] = [];
  for (let first = 0; first < slices.length; first += SLICES_AT_ONCE)
    changes.push(
      ...(await rebuildListening(sql, tenantId, slices.slice(first, first + SLICES_AT_ONCE), width)),
    );
  return changes;
}

/**
 * Makes everything follow what changed in a day's slices, hours and day: its month, listen time, and whoever keeps answers.
 * Returns how many rows of listen time were written.
 */
export async function followListening(
  sql: Sql,
  tenantId: TenantId,
  day: Date,
  changes: readonly ListeningChange[],
): Promise<number> {
  await addListeningToMonth(sql, tenantId, day, changes);
  const rows = await followWithListenTime(sql, tenantId, day, changes);
  // Its age is that of news about time heard, not of counts, whose freshness is measured by such marks.
  if (rows > 0) await appendMark(sql, tenantId, 'metrics_daily', day, null);
  if (changes.length + rows > 0) await moveWatermark(sql, tenantId);
  return rows;
}

/** Makes listen time right in the slices where something else was heard, and in what is summed from them. */
async function followWithListenTime(
  sql: Sql,
  tenantId: TenantId,
  day: Date,
  changes: readonly ListeningChange[],
): Promise<number> {
  const heard = changes.filter(({ kind }) => kind === 'heard').flatMap((change) => change.slices);
  const slices = distinctStarts(heard, 1);
  if (slices.length === 0) return 0;
  const hours = distinctStarts(slices, HOUR_MS);
  let written = await rebuildListenTime(sql, tenantId, slices);
  await rebuildTotals(sql, tenantId, 'slice', slices, HEARD);
  written += await rebuildSums(sql, tenantId, 'hour', hours, HEARD);
  await rebuildTotals(sql, tenantId, 'hour', hours, HEARD);
  written += await rebuildSums(sql, tenantId, 'day', [day], HEARD);
  await rebuildTotals(sql, tenantId, 'day', [day], HEARD);
  return written;
}
