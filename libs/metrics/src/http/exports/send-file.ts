import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { OutgoingFile } from '../../application/exports/export-files.service.js';
import { MEDIA_TYPES } from '../../application/exports/exports-catalogue.js';

/**
 * Answers with a file as it is read. Nothing on the way may keep it. A client that leaves ends the reading; when reading
 * fails, the connection breaks off.
 */
export function sendFile(reply: FastifyReply, { name, format, length, bytes }: OutgoingFile): void {
  if (length !== null) void reply.header('content-length', String(length));
  void reply
    .header('content-type', MEDIA_TYPES[format])
    .header('cache-control', 'private, no-store')
    .header('referrer-policy', 'no-referrer')
    .header('content-disposition', `attachment; filename="${name}.${format}"`)
    .send(Readable.from(bytes, { objectMode: false, highWaterMark: 1 << 16 }));
}
