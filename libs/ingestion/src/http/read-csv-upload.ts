import { Readable } from 'node:stream';
import type { MultipartFile } from '@fastify/multipart';
import { DomainError } from '@lib/primitives';
import type { FastifyRequest } from 'fastify';

const CSV = /^\s*text\/csv\s*(?:;|$)/i;
const MAX_CSV_BYTES = 1_048_576;

/**
 * The CSV in a request: the first file of a form, or a body of `text/csv`, up to 1 MiB.
 * @throws DomainError `file_missing` (400), `malformed_request` (400), `too_large` (413), `unsupported_media_type` (415)
 */
export async function readCsvUpload(request: FastifyRequest): Promise<Uint8Array> {
  if (request.isMultipart()) return readForm(request);
  if (CSV.test(request.headers['content-type'] ?? '') && request.body instanceof Readable)
    return readBody(request.body);
  const message = 'Send the file as a form with a file (multipart/form-data) or as text/csv.';
  throw new DomainError('unsupported_media_type', 415, message);
}

async function readForm(request: FastifyRequest): Promise<Uint8Array> {
  let file: MultipartFile | undefined;
  try {
    file = await request.file({ limits: { fileSize: MAX_CSV_BYTES, files: 1 } });
    if (file !== undefined) return await file.toBuffer();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'FST_REQ_FILE_TOO_LARGE')
      throw tooLarge();
    // The form's own parser throws plain errors about what the client has sent.
    throw new DomainError('malformed_request', 400, 'The form is damaged or cut off.', { field: 'file' });
  }
  throw new DomainError('file_missing', 400, 'Send the CSV as a file of the form.', { field: 'file' });
}

async function readBody(body: AsyncIterable<Buffer>): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let total = 0;
  for await (const chunk of body) {
    total += chunk.length;
    if (total > MAX_CSV_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(): DomainError {
  return new DomainError('too_large', 413, `The file may have up to ${MAX_CSV_BYTES} bytes.`, {
    field: 'file',
  });
}
