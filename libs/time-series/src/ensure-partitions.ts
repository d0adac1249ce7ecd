import { Inject, Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { MAINTENANCE_POOL, RolePool } from '@lib/database';
import { DAY_MS } from '@lib/primitives';
import { HandlesJob } from '@lib/queue';
import { Gauge } from 'prom-client';
import { ensurePartitionsJob } from './ensure-partitions.job.js';
import { EngineInForce } from './engine-in-force.js';
import { partitionHorizon } from './partitions.sql.js';

const AHEAD_DAYS = 28;

const horizonDays = new Gauge({
  name: 'partition_horizon_days',
  help: 'Days ahead for which raw partitions exist without a gap. At 0 events can no longer be stored.',
});

/** Keeps partitions ready from the start of the acceptance window to four weeks ahead. */
@Injectable()
@HandlesJob(ensurePartitionsJob)
export class EnsurePartitions {
  constructor(
    private readonly settings: Settings,
    private readonly engine: EngineInForce,
    @Inject(MAINTENANCE_POOL) private readonly maintenance: RolePool,
  ) {}

  async run(): Promise<Record<string, number>> {
    const now = Date.now();
    const from = new Date(now - (this.settings.ingestAcceptanceDays + 1) * DAY_MS);
    const made = await this.cover(from, new Date(now + AHEAD_DAYS * DAY_MS));
    const horizon = await this.maintenance.transaction(partitionHorizon);
    horizonDays.set(horizon === null ? 0 : (horizon.to.getTime() - now) / DAY_MS);
    return { made };
  }

  /** Makes the partitions of `[from, to)`, for a backfill. */
  async cover(from: Date, to: Date): Promise<number> {
    return (await this.engine.get()).ensurePartitions(from, to);
  }
}
