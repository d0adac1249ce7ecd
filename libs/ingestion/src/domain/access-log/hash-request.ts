import { hash64 } from '../hash-payload.js';
import type { LoggedRequest } from './logged-request.js';

/**
 * Tells a repeated delivery from a contradiction: the same request logged twice has one hash. The address never enters
 * it, nor does what was looked up for the request, such as its episode, which can be known later than the request.
 */
export function hashRequest(request: LoggedRequest): bigint {
  const fields = {
    occurredAtMs: request.occurredAtMs,
    address: undefined,
    method: request.method,
    host: request.host,
    path: request.path,
    query: request.query,
    status: request.status,
    bytesServed: request.bytesServed,
    rangeAsked: request.rangeAsked,
    rangeServed: request.rangeServed && [request.rangeServed.from, request.rangeServed.to],
    userAgent: request.userAgent,
    referrer: request.referrer,
    requestId: request.requestId,
  } satisfies Record<keyof LoggedRequest, unknown>;
  return hash64(JSON.stringify(fields));
}
