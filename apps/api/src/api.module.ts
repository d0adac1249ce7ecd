import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { CatalogHttpModule } from '@lib/catalog';
import { SettingsModule, type Settings } from '@lib/config';
import { DatabaseModule } from '@lib/database';
import {
  AccessGuard,
  AnswerSerializer,
  inputValidation,
  ProblemFilter,
  TenantContextInterceptor,
} from '@lib/http';
import { AgentNamesModule, IngestionHttpModule } from '@lib/ingestion';
import { AGENT_NAMER, CachedAnswerInterceptor, MetricsHttpModule } from '@lib/metrics';
import { ObservabilityModule } from '@lib/observability';
import { TenantsHttpModule } from '@lib/tenants';
import type { Logger } from 'pino';

/** The HTTP side of every feature. No business code. */
@Module({})
export class ApiModule {
  static register(settings: Settings, logger: Logger): DynamicModule {
    return {
      module: ApiModule,
      imports: [
        SettingsModule.register(settings),
        DatabaseModule.register({
          settings,
          entities: [],
          onError: (error) => logger.warn({ err: error }, 'an idle database connection failed'),
        }),
        ObservabilityModule.register(logger),
        TenantsHttpModule,
        CatalogHttpModule,
        IngestionHttpModule,
        AgentNamesModule.under(AGENT_NAMER),
        MetricsHttpModule,
      ],
      providers: [
        { provide: APP_PIPE, useFactory: inputValidation },
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: APP_GUARD, useClass: AccessGuard },
        // First, because a kept answer needs no transaction.
        { provide: APP_INTERCEPTOR, useExisting: CachedAnswerInterceptor },
        { provide: APP_INTERCEPTOR, useClass: TenantContextInterceptor },
        { provide: APP_INTERCEPTOR, useClass: AnswerSerializer },
      ],
    };
  }
}
