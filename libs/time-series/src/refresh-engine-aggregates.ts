import { Injectable } from '@nestjs/common';
import { HandlesJob } from '@lib/queue';
import { EngineInForce } from './engine-in-force.js';
import { refreshEngineAggregatesJob } from './refresh-engine-aggregates.job.js';

/** Keeps the aggregates that the engine computes up to date with the raw events. */
@Injectable()
@HandlesJob(refreshEngineAggregatesJob)
export class RefreshEngineAggregates {
  constructor(private readonly engine: EngineInForce) {}

  async run(): Promise<Record<string, number>> {
    const done = await (await this.engine.get()).refresh();
    return done === null ? { busy: 1 } : { ...done };
  }
}
