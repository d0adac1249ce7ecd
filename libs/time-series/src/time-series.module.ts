import { Module } from '@nestjs/common';
import { EnforceRetention } from './enforce-retention.js';
import { EnsurePartitions } from './ensure-partitions.js';

/** Upkeep of the raw tables on native partitions, for the worker. */
@Module({ providers: [EnsurePartitions, EnforceRetention], exports: [EnsurePartitions, EnforceRetention] })
export class TimeSeriesModule {}
