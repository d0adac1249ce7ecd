import { Readable } from 'node:stream';
import { readBodyBytes, readFormFile } from '@lib/http';
import { DomainError } from '@lib/primitives';
import type { FastifyRequest } from 'fastify';

const CSV = /^\s*text\/csv\s*(?:;|$)/i;
const MAX_CSV_BYTES = 1_048_576;

/**
 * The CSV in a request: the first file of a form, or a body of `text/csv`, up to 1 MiB.
 * @throws DomainError `file_missing` (400), `malformed_request` (400), `too_large` (413), `unsupported_media_type` (415)
 */
export async function readCsvUpload(request: FastifyRequest): Promise<Uint8Array> {
  if (request.isMultipart()) return (await readFormFile(request, MAX_CSV_BYTES)).bytes;
  if (CSV.test(request.headers['content-type'] ?? '') && request.body instanceof Readable)
    return readBodyBytes(request.body, MAX_CSV_BYTES);
  const message = 'Send the file as a form with a file (multipart/form-data) or as text/csv.';
  throw new DomainError('unsupported_media_type', 415, message);
}
