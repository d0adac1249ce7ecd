import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Settings } from '@lib/config';
import { NestLogger, observeRequests, Readiness } from '@lib/observability';
import { LogController } from 'fastify';
import type { Logger } from 'pino';
import { WorkerModule } from './worker.module.js';

/**
 * Builds the worker, which begins its jobs by itself as soon as it may, and its health and metrics routes without
 * listening. The caller listens and closes.
 *
 * @throws ScheduleInvalid when the schedule and the handlers do not fit
 */
export async function createWorker(settings: Settings, logger: Logger): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: 1_024,
    requestTimeout: 30_000,
    forceCloseConnections: 'idle',
    requestIdHeader: false,
  });
  const app = await NestFactory.create<NestFastifyApplication>(
    WorkerModule.register(settings, logger),
    adapter,
    { logger: new NestLogger(logger), abortOnError: false },
  );
  const fastify = adapter.getInstance();
  observeRequests(fastify, app.get(Readiness));
  await app.init();
  await fastify.ready();
  return app;
}
