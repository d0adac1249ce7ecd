import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { ListenerExport } from '../application/privacy/listener-exports.service.js';

/** Answers with an export as a file to be kept, day by day as it is read. Nothing on the way may keep it. */
export function sendListenerExport(reply: FastifyReply, { requestId, json }: ListenerExport): void {
  void reply
    .header('content-type', 'application/json; charset=utf-8')
    .header('cache-control', 'private, no-store')
    .header('referrer-policy', 'no-referrer')
    .header('content-disposition', `attachment; filename="listener-${requestId}.json"`)
    .send(Readable.from(json));
}
