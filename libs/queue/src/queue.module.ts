import { Module, type DynamicModule } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import type { Settings } from '@lib/config';
import type { JobDeclaration } from './job-declaration.js';
import { PostgresBackend } from './postgres-backend.js';
import {
  QUEUE_WORKER_OPTIONS,
  QueueWorker,
  type QueueTiming,
  type QueueWorkerOptions,
} from './queue-worker.js';
import type { QueueBackend } from './queue-backend.js';
import { RedisBackend } from './redis-backend.js';

const TIMING: QueueTiming = { heartbeatMs: 2_000, scheduleMs: 30_000, closeMs: 25_000 };

/** Runs scheduled jobs in this process. Needs the global modules of `@lib/config` and `@lib/observability`. */
@Module({})
export class QueueModule {
  /**
   * On Redis when `settings.redisUrl` is set, else on PostgreSQL.
   *
   * @param schedule every job of the process; at boot each must have exactly one handler among the providers
   */
  static forWorker(
    settings: Settings,
    schedule: readonly JobDeclaration[],
    timing: Partial<QueueTiming> = {},
  ): DynamicModule {
    const options: QueueWorkerOptions = {
      backend: chooseBackend(settings),
      schedule,
      timing: { ...TIMING, ...timing },
    };
    return {
      module: QueueModule,
      imports: [DiscoveryModule],
      providers: [{ provide: QUEUE_WORKER_OPTIONS, useValue: options }, QueueWorker],
    };
  }
}

function chooseBackend(settings: Settings): QueueBackend {
  return settings.redisUrl === undefined
    ? new PostgresBackend(settings.queueDatabaseUrl ?? settings.databaseUrl, settings.connectionTimeoutMs)
    : new RedisBackend(settings.redisUrl);
}
