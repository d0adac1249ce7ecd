import type { FastifyInstance } from 'fastify';

/** Headers that every answer carries. A tenant's data is never cached by anything on the way. */
export function setSecurityHeaders(fastify: FastifyInstance): void {
  fastify.addHook('onSend', async (request, reply) => {
    void reply.headers({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
      'strict-transport-security': 'max-age=31536000; includeSubDomains',
      'x-request-id': request.id,
    });
    if (request.url.startsWith('/v1/') && !reply.hasHeader('cache-control')) {
      void reply.header('cache-control', 'private, no-store');
    }
  });
}
