import { RECONCILIATIONS_PATH } from '@lib/ingestion';
import { DomainError } from '@lib/primitives';
import type { FastifyInstance } from 'fastify';

/** Lets the route that compares numbers take CSV as its body. It is read there, up to the route's own limit. */
export function acceptCsvUploads(fastify: FastifyInstance): void {
  fastify.addContentTypeParser('text/csv', (request, body, done) => {
    if (request.routeOptions.url === RECONCILIATIONS_PATH) done(null, body);
    else done(new DomainError('unsupported_media_type', 415, 'This route does not take CSV.'));
  });
}
