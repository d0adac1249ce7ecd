import { Global, Module, type DynamicModule } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import type { Logger } from 'pino';
import { HealthController } from './health.controller.js';
import { LoggerModule } from './logger.module.js';
import { MetricsController } from './metrics.controller.js';
import { Readiness } from './readiness.js';

/** Health routes, metrics and the logger, for every process. */
@Global()
@Module({})
export class ObservabilityModule {
  static register(logger: Logger): DynamicModule {
    return {
      module: ObservabilityModule,
      imports: [
        LoggerModule.register(logger),
        TerminusModule.forRoot({ logger: false }),
        PrometheusModule.register({ path: '/metrics', controller: MetricsController }),
      ],
      controllers: [HealthController],
      providers: [Readiness],
      exports: [Readiness],
    };
  }
}
