import { Module, type DynamicModule, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { SettingsModule, type Settings } from '@lib/config';
import { CatalogModule } from '@lib/catalog';
import { DatabaseModule } from '@lib/database';
import { IngestionModule } from '@lib/ingestion';
import { MetricsModule } from '@lib/metrics';
import { createLogger, LoggerModule } from '@lib/observability';
import { TenantsModule } from '@lib/tenants';

/** The use cases that commands call, without HTTP and without a worker. */
@Module({})
class CliModule {
  static register(settings: Settings): DynamicModule {
    return {
      module: CliModule,
      imports: [
        SettingsModule.register(settings),
        // An idle connection that fails is replaced; a command is over before that matters.
        DatabaseModule.register({ settings, entities: [], onError: () => undefined }),
        TenantsModule,
        CatalogModule,
        IngestionModule,
        MetricsModule,
        // A command says itself what happened; log lines would spoil the output that scripts read.
        LoggerModule.register(createLogger('silent')),
      ],
    };
  }
}

/** Opens the application's services on a database. Connections open at first use; `close()` ends them. */
function openApplication(settings: Settings): Promise<INestApplicationContext> {
  return NestFactory.createApplicationContext(CliModule.register(settings), {
    logger: false,
    abortOnError: false,
  });
}

/** Runs `work` with the application's services and closes them, whatever happens. */
export async function withApplication<T>(
  settings: Settings,
  work: (application: INestApplicationContext) => Promise<T>,
): Promise<T> {
  const application = await openApplication(settings);
  try {
    return await work(application);
  } finally {
    await application.close();
  }
}
