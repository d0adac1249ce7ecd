import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { CatalogJobsModule } from '@lib/catalog';
import { SettingsModule, type Settings } from '@lib/config';
import { DatabaseModule } from '@lib/database';
import { AccessGuard, AUTHENTICATOR, ProblemFilter, type Authenticator } from '@lib/http';
import { AgentNamesModule, IngestionModule } from '@lib/ingestion';
import { AGENT_NAMER, MetricsModule } from '@lib/metrics';
import { ObservabilityModule } from '@lib/observability';
import { QueueModule } from '@lib/queue';
import { TimeSeriesModule } from '@lib/time-series';
import type { Logger } from 'pino';
import { SCHEDULE } from './schedule.js';

/** No credential proves anything here, so that a route which is not public stays shut. */
const NOBODY: Authenticator = { authenticate: async () => undefined };

/**
 * The features that have jobs, without their HTTP layer: the worker is the API minus its edge.
 *
 * It serves health and metrics and nothing else. Work that takes long or must happen once then never shares an event
 * loop with requests, workers can be counted apart from APIs, and a worker has no route that could be attacked.
 */
@Module({})
export class WorkerModule {
  static register(settings: Settings, logger: Logger): DynamicModule {
    return {
      module: WorkerModule,
      imports: [
        SettingsModule.register(settings),
        DatabaseModule.register({
          settings,
          entities: [],
          onError: (error) => logger.warn({ err: error }, 'an idle database connection failed'),
        }),
        ObservabilityModule.register(logger),
        TimeSeriesModule,
        CatalogJobsModule,
        IngestionModule,
        AgentNamesModule.under(AGENT_NAMER),
        MetricsModule,
        // Last: Nest ends modules in reverse, and jobs must end before what they use.
        QueueModule.forWorker(settings, SCHEDULE),
      ],
      providers: [
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: APP_GUARD, useClass: AccessGuard },
        { provide: AUTHENTICATOR, useValue: NOBODY },
      ],
    };
  }
}
