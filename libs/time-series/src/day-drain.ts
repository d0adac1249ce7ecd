import { databaseUnavailable, type RolePool } from '@lib/database';
import type { Logger } from 'pino';
import { Histogram } from 'prom-client';
import { dueWork, type MarkKind } from './due-work.sql.js';
import { DayPauses } from './day-pauses.js';
import { dueDays, type DueDay } from './due-days.js';
import { WaitingDays } from './waiting-days.js';

const refreshDuration = new Histogram({
  name: 'aggregate_refresh_duration_seconds',
  help: 'How long the rebuilding of one UTC day of one tenant took, by stage.',
  labelNames: ['stage'],
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15],
});

/** What one drain did: tenant-days refreshed, rows written, days that another worker held, days that failed. */
export type DrainReport = Record<'days' | 'rows' | 'busy' | 'failed', number>;

/** Refreshes one tenant-day and returns how many rows it wrote, or null when another worker holds the day. */
export type RefreshDay = (day: DueDay) => Promise<number | null>;

/** How much of a worker's time a drain may take. */
export interface DrainPace {
  /** After which a run begins no other day. */
  readonly budgetMs: number;
  /** The same while downloads and totals are behind: what is asked for first comes first, and nothing else stands still. */
  readonly budgetBehindMs: number;
  /** How many times as long as its refresh took a day rests, where that was two seconds or more. */
  readonly restFactor: number;
  /** How many tenants are refreshed side by side: while one waits for a disk, or for its numbers, another goes on. */
  readonly tenantsAtOnce: number;
}

const AT_ONCE: DrainPace = { budgetMs: 5_000, budgetBehindMs: 5_000, restFactor: 2, tenantsAtOnce: 1 };

/** For the numbers that everybody looks at: downloads and totals. */
export const FIRST: DrainPace = { ...AT_ONCE, tenantsAtOnce: 3 };

/** For numbers that may follow a while later: half of the time between two runs 5 seconds apart, or a tenth. */
export const IN_PASSING: DrainPace = {
  budgetMs: 2_500,
  budgetBehindMs: 500,
  restFactor: 4,
  tenantsAtOnce: 1,
};

/** For work that hangs on something else than how often it is marked. */
export const WITHOUT_REST: DrainPace = { ...AT_ONCE, restFactor: 0 };

/** The marks of what is refreshed first, and how old one is, in seconds, when all else gives way to them. */
const FIRST_KINDS: readonly MarkKind[] = ['count', 'slice'];
const BEHIND_SECONDS = 2;

/** Marked buckets listed at once: enough to see past one tenant's long import. */
const LIST_LIMIT = 20_000;
const SET_ASIDE_MS = 30_000;

/**
 * Works off one kind of marks, tenant-day by tenant-day, until each day listed was tried once or the pace's time has passed.
 * The oldest marks come first, so that whoever was not reached is in the next run, and a day that took long rests: the
 * busiest tenant stops nobody. Of one tenant there is one day at a time: two could wait for each other's rows.
 *
 * A day that fails keeps its marks and is set aside for half a minute, so that one tenant's fault does not use up the
 * time of all others. When the database goes away, the run ends with its error and no day is set aside.
 */
export class DayDrain {
  private readonly pauses: DayPauses;

  constructor(
    private readonly pool: RolePool,
    private readonly logger: Logger,
    private readonly kind: MarkKind,
    private readonly refresh: RefreshDay,
    private readonly pace: DrainPace = AT_ONCE,
  ) {
    this.pauses = new DayPauses(pace.restFactor);
  }

  async run(): Promise<DrainReport> {
    const report: DrainReport = { days: 0, rows: 0, busy: 0, failed: 0 };
    const deadline = Date.now() + (await this.budgetMs());
    const tried = new Set<string>();
    this.pauses.expire(Date.now());
    for (;;) {
      const due = await this.pool.transaction((sql) => dueWork(sql, this.kind, LIST_LIMIT));
      const days = dueDays(due).filter(({ key }) => !tried.has(key) && !this.pauses.isPaused(key));
      const waiting = new WaitingDays(days);
      await this.inLanes(async () => {
        for (let day = waiting.take(); day && Date.now() < deadline; day = waiting.take(day)) {
          tried.add(day.key);
          await this.refreshOne(day, report);
        }
      });
      if (days.length === 0 || due.length < LIST_LIMIT || Date.now() >= deadline) return report;
    }
  }

  private async budgetMs(): Promise<number> {
    const { budgetMs, budgetBehindMs } = this.pace;
    if (budgetBehindMs === budgetMs) return budgetMs;
    for (const kind of FIRST_KINDS) {
      const [oldest] = await this.pool.transaction((sql) => dueWork(sql, kind, 1));
      if (oldest !== undefined && oldest.ageSeconds > BEHIND_SECONDS) return budgetBehindMs;
    }
    return budgetMs;
  }

  /** Rejects, when every lane has ended, with what the first one failed of. */
  private async inLanes(lane: () => Promise<void>): Promise<void> {
    const ended = await Promise.allSettled(Array.from({ length: this.pace.tenantsAtOnce }, lane));
    const failed = ended.find((each) => each.status === 'rejected');
    if (failed) throw failed.reason;
  }

  private async refreshOne(day: DueDay, report: DrainReport): Promise<void> {
    const began = Date.now();
    const stopTimer = refreshDuration.startTimer({ stage: this.kind });
    try {
      const rows = await this.refresh(day);
      if (rows === null) report.busy += 1;
      else {
        report.days += 1;
        this.pauses.rest(day.key, began, Date.now());
      }
      report.rows += rows ?? 0;
    } catch (error) {
      // It says nothing about the day, and the next days would fare no better: their turn comes with the next run.
      if (databaseUnavailable(error)) throw error;
      report.failed += 1;
      this.pauses.pause(day.key, Date.now() + SET_ASIDE_MS);
      this.logger.error(
        { err: error, tenantId: day.tenantId, day: day.day, kind: this.kind },
        'refresh failed',
      );
    } finally {
      stopTimer();
    }
  }
}
