import { Inject, Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { MAINTENANCE_POOL, RolePool } from '@lib/database';
import { PartitionsEngine } from './partitions.engine.js';
import { TimescaleEngine } from './timescale.engine.js';
import type { TimeSeriesEngine } from './time-series-engine.js';

/** The engine that the database was migrated for, read at first use: a process may start before its database. */
@Injectable()
export class EngineInForce {
  private engine: TimeSeriesEngine | undefined;

  constructor(
    private readonly settings: Settings,
    @Inject(MAINTENANCE_POOL) private readonly maintenance: RolePool,
  ) {}

  /** @throws Error where the database is for an engine that this version does not have */
  async get(): Promise<TimeSeriesEngine> {
    if (this.engine === undefined) {
      const [row] = await this.maintenance.query<{ engine: string }>('SELECT engine FROM schema_info');
      this.engine = this.make(row?.engine);
    }
    return this.engine;
  }

  private make(name: string | undefined): TimeSeriesEngine {
    const { migrationDatabaseUrl, databaseUrl, connectionTimeoutMs } = this.settings;
    switch (name) {
      case 'partitions':
      case 'citus':
        return new PartitionsEngine(name, this.maintenance);
      case 'timescale':
        return new TimescaleEngine(this.maintenance, {
          url: migrationDatabaseUrl ?? databaseUrl,
          connectionTimeoutMs,
        });
      default:
        throw new Error(`the database was migrated for ${name}, an engine that this version does not have`);
    }
  }
}
