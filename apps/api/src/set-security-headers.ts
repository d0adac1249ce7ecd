import { isRedirect } from '@lib/ingestion';
import type { FastifyInstance } from 'fastify';

/** Headers that every answer carries. A tenant's data is never cached by anything on the way. */
export function setSecurityHeaders(fastify: FastifyInstance): void {
  fastify.addHook('onSend', async (request, reply) => {
    void reply.headers({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'strict-transport-security': 'max-age=31536000; includeSubDomains',
      'x-request-id': request.id,
    });
    // On a redirect it would take the referrer from the server of the file, who counts by it, too.
    if (!isRedirect(request.originalUrl)) void reply.header('referrer-policy', 'no-referrer');
    if (request.url.startsWith('/v1/') && !reply.hasHeader('cache-control')) {
      void reply.header('cache-control', 'private, no-store');
    }
  });
}
