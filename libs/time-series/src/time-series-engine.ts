/** What an engine made of the database, for people. */
export interface EngineDescription {
  engine: 'partitions' | 'timescale' | 'citus';
  /** Partitions or chunks of the raw tables, and how many of them are compressed. */
  parts: number;
  compressedParts: number;
  /** Who computes `listener_events_hourly` and `listener_events_daily`: our workers' rollups, or continuous aggregates. */
  aggregates: 'rollups' | 'continuous aggregates';
  /** Whether old raw events can be compressed. */
  compresses: boolean;
}

/** What one refresh did: marked hours that were computed again, and those that are frozen. */
export interface EngineRefresh {
  hours: number;
  frozen: number;
}

/**
 * What differs between the engines that hold the raw events. Names of tables and views are the same on all of them, so
 * every statement that reads or writes a tenant's rows is shared.
 */
export interface TimeSeriesEngine {
  readonly name: EngineDescription['engine'];

  /** Makes room for raw events of `[from, to)`. @returns how many partitions were made */
  ensurePartitions(from: Date, to: Date): Promise<number>;

  /** Drops partitions or chunks that end at or before `before`, of every tenant. @returns how many were dropped */
  dropBefore(before: Date): Promise<number>;

  /**
   * Computes the engine's own aggregates again where marks say that raw events changed, or returns null when somebody
   * else does. A crash leaves the marks, and the next refresh repeats it.
   */
  refresh(): Promise<EngineRefresh | null>;

  /** Compresses what holds raw events of before `before` alone. @returns how many partitions or chunks were compressed */
  compress(before: Date): Promise<number>;

  describe(): Promise<EngineDescription>;
}
