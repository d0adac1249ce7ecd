import { ModulesContainer, NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Settings } from '@lib/config';
import { undeclaredRoutes } from '@lib/http';
import { routedUrl } from '@lib/ingestion';
import { NestLogger, observeRequests, Readiness } from '@lib/observability';
import { LogController } from 'fastify';
import type { Logger } from 'pino';
import { allowOrigins } from './allow-origins.js';
import { acceptCsvUploads } from './accept-csv-uploads.js';
import { acceptFeedUploads } from './accept-feed-uploads.js';
import { ApiModule } from './api.module.js';
import { serveOpenApi } from './open-api.js';
import { readBodies } from './read-bodies.js';
import { setSecurityHeaders } from './set-security-headers.js';

/** Builds the API without listening. The caller listens and closes. */
export async function createApi(settings: Settings, logger: Logger): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: settings.ingestMaxBodyBytes,
    requestTimeout: 30_000,
    forceCloseConnections: 'idle',
    // An id from outside is not taken over: it could forge log lines.
    requestIdHeader: false,
    rewriteUrl: ({ url = '/' }) => routedUrl(url),
    trustProxy: settings.trustProxy.length === 0 ? false : settings.trustProxy,
  });
  const app = await NestFactory.create<NestFastifyApplication>(
    ApiModule.register(settings, logger),
    adapter,
    {
      logger: new NestLogger(logger),
      abortOnError: false,
      bodyParser: false,
    },
  );
  const undeclared = undeclaredRoutes(app.get(ModulesContainer));
  if (undeclared.length > 0) throw new Error(`routes without @Access: ${undeclared.join(', ')}`);
  const fastify = adapter.getInstance();
  observeRequests(fastify, app.get(Readiness));
  setSecurityHeaders(fastify);
  await readBodies(fastify);
  await acceptFeedUploads(fastify);
  acceptCsvUploads(fastify);
  await allowOrigins(fastify, settings.corsOrigins);
  serveOpenApi(app);
  await app.init();
  await fastify.ready();
  return app;
}
