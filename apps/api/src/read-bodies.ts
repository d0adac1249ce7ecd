import { isUtf8 } from 'node:buffer';
import compress from '@fastify/compress';
import { BATCH_PATH } from '@lib/ingestion';
import { DomainError } from '@lib/primitives';
import type { FastifyInstance } from 'fastify';

/** Far beyond any DTO's own limit, and below the depth at which the libraries that walk a body run out of stack. */
const MAX_DEPTH = 1_000;

/**
 * Reads request bodies: JSON only, in UTF-8, plain or gzip. The body limit counts decoded bytes, so a small bomb stops
 * where a large body would.
 *
 * A `__proto__` in a body is refused, except on the batch route, where it costs only the event that holds it.
 */
export async function readBodies(fastify: FastifyInstance): Promise<void> {
  await fastify.register(compress, {
    globalCompression: false,
    globalDecompression: true,
    requestEncodings: ['gzip', 'identity'],
    onUnsupportedRequestEncoding: () =>
      new DomainError('unsupported_media_type', 415, 'Send the body plain or with Content-Encoding: gzip.', {
        field: 'content-encoding',
      }),
    // The plugin copies these fields onto the stream's own error.
    onInvalidRequestPayload: () =>
      Object.assign(new Error('The body is not valid gzip.'), { statusCode: 400, code: 'FST_INVALID_GZIP' }),
  });
  fastify.removeContentTypeParser('text/plain'); // Fastify brings it along
  const strict = fastify.getDefaultJsonParser('error', 'error');
  fastify.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (!isUtf8(body)) {
      done(new DomainError('malformed_request', 400, 'The body is not UTF-8.'));
      return;
    }
    const text = body.toString('utf8');
    if (request.routeOptions.url === BATCH_PATH) parse(text, done);
    else if (depthOf(text) > MAX_DEPTH)
      done(
        new DomainError('malformed_request', 400, `The body may be nested at most ${MAX_DEPTH} levels deep.`),
      );
    else void strict(request, text, done);
  });
}

/** How deep JSON text is nested, without parsing it: what follows a parser walks recursively. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/gs)) {
    if (token === '{' || token === '[') deepest = Math.max(deepest, (depth += 1));
    else if (token === '}' || token === ']') depth -= 1;
  }
  return deepest;
}

function parse(text: string, done: (error: Error | null, body?: unknown) => void): void {
  try {
    done(null, JSON.parse(text));
  } catch {
    done(new DomainError('malformed_request', 400, 'The body is not valid JSON.'));
  }
}
