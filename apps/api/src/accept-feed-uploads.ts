import multipart from '@fastify/multipart';
import { FEED_UPLOAD_PATH, MAX_FEED_BYTES } from '@lib/catalog';
import { DomainError } from '@lib/primitives';
import type { FastifyInstance } from 'fastify';

/** Content types of a feed that is sent as the body itself. */
const XML = ['application/rss+xml', 'application/xml', 'text/xml'];

/**
 * Lets requests carry a feed: as the file of a form, or on the upload route as XML. Neither is read here, so that a
 * request costs no memory before the access guard has let it in; the route reads it, up to its own limit.
 */
export async function acceptFeedUploads(fastify: FastifyInstance): Promise<void> {
  await fastify.register(multipart, {
    limits: { fileSize: MAX_FEED_BYTES, files: 1, fields: 10, parts: 11 },
  });
  fastify.addContentTypeParser(XML, (request, body, done) => {
    if (request.routeOptions.url === FEED_UPLOAD_PATH) done(null, body);
    else done(new DomainError('unsupported_media_type', 415, 'This route does not take XML.'));
  });
}
