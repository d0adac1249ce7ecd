import { Readable } from 'node:stream';
import type { MultipartFile } from '@fastify/multipart';
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
  if (request.isMultipart()) return { bytes: await readForm(request), contentType: undefined };
  const contentType = request.headers['content-type'] ?? '';
  if (!XML.test(contentType) || !(request.body instanceof Readable)) {
    const message =
      'Send the feed as a form with a file (multipart/form-data) or as XML (application/rss+xml).';
    throw new DomainError('unsupported_media_type', 415, message);
  }
  return { bytes: await readBody(request.body), contentType };
}

async function readForm(request: FastifyRequest): Promise<Uint8Array> {
  let file: MultipartFile | undefined;
  try {
    file = await request.file({ limits: { fileSize: MAX_FEED_BYTES, files: 1 } });
    if (file !== undefined) return await file.toBuffer();
  } catch (error) {
    if (codeOf(error) === 'FST_REQ_FILE_TOO_LARGE') throw tooLarge();
    // The form's own parser throws plain errors about what the client has sent.
    throw new DomainError('malformed_request', 400, 'The form is damaged or cut off.', { field: 'file' });
  }
  throw new DomainError('file_missing', 400, 'Send the feed as a file of the form.', { field: 'file' });
}

async function readBody(body: AsyncIterable<Buffer>): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let total = 0;
  for await (const chunk of body) {
    total += chunk.length;
    if (total > MAX_FEED_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(): DomainError {
  return new DomainError('too_large', 413, `A feed may have up to ${MAX_FEED_BYTES} bytes.`, {
    field: 'file',
  });
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
