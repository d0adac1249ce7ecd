import type { MultipartFile } from '@fastify/multipart';
import { DomainError } from '@lib/primitives';
import type { FastifyRequest } from 'fastify';
import { fileTooLarge } from './read-body-bytes.js';

/** A file of a form, read into memory. */
export interface FormFile {
  /** As the sender calls it; never a path on this machine. */
  readonly name: string;
  readonly bytes: Buffer;
}

/**
 * The first file of the form in a request.
 * @param maxBytes of the file; a route that takes less than the API's forms may is told so here
 * @throws DomainError `unsupported_media_type` (415), `file_missing` (400), `malformed_request` (400), `too_large` (413)
 */
export async function readFormFile(request: FastifyRequest, maxBytes: number): Promise<FormFile> {
  if (!request.isMultipart()) {
    throw new DomainError('unsupported_media_type', 415, 'Send a form with a file (multipart/form-data).');
  }
  const file = await firstFile(request, maxBytes);
  if (file === undefined)
    throw new DomainError('file_missing', 400, 'There is no file in the form.', { field: 'file' });
  return file;
}

async function firstFile(request: FastifyRequest, maxBytes: number): Promise<FormFile | undefined> {
  try {
    const file: MultipartFile | undefined = await request.file({ limits: { fileSize: maxBytes, files: 1 } });
    return file && { name: file.filename, bytes: await file.toBuffer() };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'FST_REQ_FILE_TOO_LARGE')
      throw fileTooLarge(maxBytes);
    // The form's own parser throws plain errors about what the client has sent.
    throw new DomainError('malformed_request', 400, 'The form is damaged or cut off.', { field: 'file' });
  }
}
