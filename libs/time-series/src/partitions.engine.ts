import type { RolePool } from '@lib/database';
import { countPartitions } from './describe-parts.sql.js';
import { dropPartitions, ensurePartitions } from './partitions.sql.js';
import type { EngineDescription, EngineRefresh, TimeSeriesEngine } from './time-series-engine.js';

/**
 * Native weekly partitions, on any PostgreSQL, or on Citus, where each is distributed over the nodes by tenant. Aggregates are
 * our workers' rollups. Nothing is compressed: Citus has columnar partitions, but those take neither corrections nor erasures
 * nor late events.
 */
export class PartitionsEngine implements TimeSeriesEngine {
  constructor(
    readonly name: 'partitions' | 'citus',
    private readonly maintenance: RolePool,
  ) {}

  ensurePartitions(from: Date, to: Date): Promise<number> {
    return this.maintenance.transaction((sql) => ensurePartitions(sql, from, to));
  }

  dropBefore(before: Date): Promise<number> {
    return this.maintenance.transaction((sql) => dropPartitions(sql, before));
  }

  refresh(): Promise<EngineRefresh> {
    return Promise.resolve({ hours: 0, frozen: 0 });
  }

  compress(): Promise<number> {
    return Promise.resolve(0);
  }

  async describe(): Promise<EngineDescription> {
    const parts = await this.maintenance.transaction(countPartitions);
    return { engine: this.name, parts, compressedParts: 0, aggregates: 'rollups', compresses: false };
  }
}
