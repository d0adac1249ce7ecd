import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { ProblemDto, problemResponse } from '@lib/http';
import { VERSION } from '@lib/observability';

/** The OpenAPI 3.1 document of the running routes. */
export function openApiDocument(app: NestFastifyApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Podcast measurement')
    .setDescription(
      'Stores what podcast listeners do as events, counts them over time, and says with every count how fresh it is. ' +
        'Authorize with a tenant key (`pa_live_…`) for a network’s own data, or with a platform key (`pp_live_…`) for /v1/admin.',
    )
    .setVersion(VERSION)
    .addSecurity('tenantKey', {
      type: 'http',
      scheme: 'bearer',
      description: 'A tenant’s key: pa_live_… or, for events only, pi_live_…',
    })
    .addSecurity('platformKey', { type: 'http', scheme: 'bearer', description: 'A platform key: pp_live_…' })
    .addTag('ingestion', 'Events in')
    .addTag('metrics', 'Numbers out')
    .addTag('catalog', 'Podcasts, episodes and feeds')
    .addTag('tenant', 'The caller’s own tenant and keys')
    .addTag('platform', 'Tenants, for the people who run the platform')
    .build();
  return withCommonErrors(SwaggerModule.createDocument(app, config, { extraModels: [ProblemDto] }));
}

interface Operation {
  parameters?: { in: string; schema?: { format?: string } }[];
  requestBody?: object;
  responses?: object;
}

/**
 * Errors that follow from what a route takes, documented once instead of at every handler: any route can fail, an id in
 * the path may be none, and a body may be too large or of another type. What a handler says itself stays.
 */
function withCommonErrors(document: OpenAPIObject): OpenAPIObject {
  const ofAny = {
    '500': problemResponse('Our fault; quote the request id', 500, 'internal_error'),
    '503': problemResponse('The database is away or busy; see Retry-After', 503, 'database_unavailable'),
  };
  const ofIds = { '400': problemResponse('The id in the path is not a UUID', 400, 'malformed_request') };
  const ofBodies = {
    '413': problemResponse('The body is too large', 413, 'too_large'),
    '415': problemResponse(
      'The type or the encoding of the body is not accepted',
      415,
      'unsupported_media_type',
    ),
  };
  for (const operations of Object.values(document.paths)) {
    for (const operation of Object.values(operations) as Operation[]) {
      const { parameters = [], requestBody, responses } = operation;
      const takesId = parameters.some(
        (parameter) => parameter.in === 'path' && parameter.schema?.format === 'uuid',
      );
      operation.responses = {
        ...ofAny,
        ...(takesId && ofIds),
        ...(requestBody && ofBodies),
        ...responses,
      };
    }
  }
  return document;
}

/** Serves the document and a UI that works offline at `/api/docs`. */
export function serveOpenApi(app: NestFastifyApplication): void {
  SwaggerModule.setup('api/docs', app, () => openApiDocument(app), {
    jsonDocumentUrl: 'api/docs/openapi.json',
    swaggerOptions: {
      persistAuthorization: true,
      displayRequestDuration: true,
      tryItOutEnabled: true,
      docExpansion: 'none',
    },
  });
}
