import { Module } from '@nestjs/common';
import { CompressRawEvents } from './compress-raw-events.js';
import { EnforceRetention } from './enforce-retention.js';
import { EngineInForce } from './engine-in-force.js';
import { EnsurePartitions } from './ensure-partitions.js';
import { RefreshEngineAggregates } from './refresh-engine-aggregates.js';

const UPKEEP = [
  EngineInForce,
  EnsurePartitions,
  EnforceRetention,
  RefreshEngineAggregates,
  CompressRawEvents,
];

/** Upkeep of the raw tables, on the engine that the database was made for. */
@Module({ providers: UPKEEP, exports: UPKEEP })
export class TimeSeriesModule {}
