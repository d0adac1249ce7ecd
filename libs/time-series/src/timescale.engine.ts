import { ownerSession, type RolePool, type Sql } from '@lib/database';
import { DAY_MS, HOUR_MS } from '@lib/primitives';
import { aggregateHorizon } from './aggregate-horizon.sql.js';
import { aggregateMarks, deleteAggregateMarks, type AggregateMark } from './aggregate-marks.sql.js';
import { coalesceBuckets } from './coalesce-buckets.js';
import { countChunks } from './describe-parts.sql.js';
import { dropPartitions } from './partitions.sql.js';
import {
  compressNextChunk,
  hasContinuousAggregates,
  refreshWindow,
  tryLockAggregates,
} from './timescale.sql.js';
import type { EngineDescription, EngineRefresh, TimeSeriesEngine } from './time-series-engine.js';

/** Marks worked off at once; more wait for the next refresh. */
const MARKS_AT_ONCE = 20_000;
/** The longest window of one call: a year of history at once would exceed its statement timeout on every try. */
const WINDOW_MS = 7 * DAY_MS;
/** For one call. Shorter than the pause between freezing a tenant's old events and removing them. */
const CALL_TIMEOUT_MS = 5 * 60_000;

/** How the engine reaches the owner of its hypertables. */
export interface OwnerLogin {
  url: string;
  connectionTimeoutMs: number;
}

/**
 * Hypertables in a schema of their own, behind views. With TimescaleDB's community licence also continuous aggregates and
 * columnstore; both are driven from here, never by its background policies.
 */
export class TimescaleEngine implements TimeSeriesEngine {
  readonly name = 'timescale';

  constructor(
    private readonly maintenance: RolePool,
    private readonly owner: OwnerLogin,
  ) {}

  /** Chunks are made by whoever writes the first row of a day. */
  ensurePartitions(): Promise<number> {
    return Promise.resolve(0);
  }

  dropBefore(before: Date): Promise<number> {
    return this.maintenance.transaction((sql) => dropPartitions(sql, before));
  }

  /**
   * The session's lock lets one process at a time read the marks, compute each window that they make up, and delete
   * exactly the marks that it read: those that came meanwhile stay. What is older than the shortest retention of any tenant
   * stays as it is, since a window is computed for all tenants at once, from raw events that some no longer have.
   */
  async refresh(): Promise<EngineRefresh | null> {
    const waiting = await this.maintenance.transaction((sql) => aggregateMarks(sql, 1));
    if (waiting.length === 0) return { hours: 0, frozen: 0 };
    return this.asOwner(async (owner) => {
      if (!(await tryLockAggregates(owner))) return null;
      const marks = await this.maintenance.transaction((sql) => aggregateMarks(sql, MARKS_AT_ONCE));
      const horizon = await this.maintenance.transaction(aggregateHorizon);
      const kept = marks.filter(({ bucket }) => horizon === null || bucket >= horizon);
      await refreshMarked(owner, kept);
      await this.maintenance.transaction((sql) => deleteAggregateMarks(sql, marks));
      return { hours: kept.length, frozen: marks.length - kept.length };
    });
  }

  async compress(before: Date): Promise<number> {
    if (!(await this.maintenance.transaction(hasContinuousAggregates))) return 0;
    return this.asOwner(async (owner) => {
      let compressed = 0;
      while (await compressNextChunk(owner, before)) compressed += 1;
      return compressed;
    });
  }

  async describe(): Promise<EngineDescription> {
    return this.maintenance.transaction(async (sql) => {
      const isCommunity = await hasContinuousAggregates(sql);
      return {
        engine: this.name,
        ...(await countChunks(sql)),
        aggregates: isCommunity ? 'continuous aggregates' : 'rollups',
        compresses: isCommunity,
      };
    });
  }

  private asOwner<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    return ownerSession({ ...this.owner, statementTimeoutMs: CALL_TIMEOUT_MS }, work);
  }
}

/** Hours first: days are sums of them. */
async function refreshMarked(owner: Sql, marks: readonly AggregateMark[]): Promise<void> {
  const buckets = marks.map(({ bucket }) => bucket);
  for (const window of coalesceBuckets(buckets, HOUR_MS, WINDOW_MS))
    await refreshWindow(owner, 'hourly', window);
  for (const window of coalesceBuckets(buckets, DAY_MS, WINDOW_MS))
    await refreshWindow(owner, 'daily', window);
}
