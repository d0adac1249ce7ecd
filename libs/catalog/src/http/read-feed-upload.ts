import { Readable } from 'node:stream';
import { readBodyBytes, readFormFile } from '@lib/http';
import { DomainError } from '@lib/primitives';
import type { FastifyRequest } from 'fastify';
import { MAX_FEED_BYTES } from '../application/catalog.service.js';

const XML = /^\s*(?:application\/(?:rss\+)?xml|text\/xml)\s*(?:;|$)/i;

/** The one route that takes XML. The API leaves forms, and XML on this route, to be read here. */
export const FEED_UPLOAD_PATH = '/v1/podcasts/import-feed/upload';

/**
 * The feed in a request: the first file of a form, or a body of XML.
 * @returns `contentType` only for a body of XML: browsers guess the type of a file from its name
 * @throws DomainError `file_missing` (400), `malformed_request` (400), `too_large` (413), `unsupported_media_type` (415)
 */
export async function readFeedUpload(
  request: FastifyRequest,
): Promise<{ bytes: Uint8Array; contentType: string | undefined }> {
  if (request.isMultipart())
    return { bytes: (await readFormFile(request, MAX_FEED_BYTES)).bytes, contentType: undefined };
  const contentType = request.headers['content-type'] ?? '';
  if (!XML.test(contentType) || !(request.body instanceof Readable)) {
    const message =
      'Send the feed as a form with a file (multipart/form-data) or as XML (application/rss+xml).';
    throw new DomainError('unsupported_media_type', 415, message);
  }
  return { bytes: await readBodyBytes(request.body, MAX_FEED_BYTES), contentType };
}
