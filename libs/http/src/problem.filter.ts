import { STATUS_CODES } from 'node:http';
import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { databaseUnavailable } from '@lib/database';
import { DomainError } from '@lib/primitives';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { InputInvalid } from './validation.js';

interface Problem {
  status: number;
  code: string;
  detail: string;
  field?: string;
  errors?: { field: string; rule: string }[];
  retryAfterSeconds?: number;
}

/** SQLSTATEs of statements that took too long or got into another's way. */
const BUSY = ['57014', '55P03', '40001', '40P01'];

/**
 * Turns every error into RFC 9457 problem details. Database text, SQL and stacks stay in the log; the client gets a
 * stable code and a request id. 429 and 503 always carry Retry-After.
 */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const { retryAfterSeconds, ...problem } = describe(error);
    if (problem.status >= 500) request.log.error({ err: error, code: problem.code }, 'request failed');
    if (reply.sent || reply.raw.headersSent) return;
    if (retryAfterSeconds !== undefined) void reply.header('retry-after', String(retryAfterSeconds));
    void reply
      .status(problem.status)
      .header('content-type', 'application/problem+json')
      .header('cache-control', 'no-store')
      .send(
        JSON.stringify({
          type: 'about:blank',
          title: STATUS_CODES[problem.status],
          ...problem,
          requestId: request.id,
        }),
      );
  }
}

/** What a client may learn about an error. */
export function describe(error: unknown): Problem {
  if (error instanceof InputInvalid) {
    return {
      status: 400,
      code: 'invalid_input',
      detail: error.message,
      field: error.field,
      errors: error.faults,
    };
  }
  if (error instanceof DomainError) {
    const { field, retryAfterSeconds } = error.extra;
    return {
      status: error.status,
      code: error.code,
      detail: error.message,
      ...(field && { field }),
      ...(retryAfterSeconds && { retryAfterSeconds }),
    };
  }
  const { code = '' } = error as { code?: string };
  if (code.startsWith('FST_') || error instanceof HttpException)
    return describeTransport(error as Error, code);
  if (BUSY.includes(code)) {
    return {
      status: 503,
      code: 'database_busy',
      detail: 'The database is too busy at the moment; nothing was stored.',
      retryAfterSeconds: retryDelay(),
    };
  }
  if (databaseUnavailable(error)) {
    return {
      status: 503,
      code: 'database_unavailable',
      detail: 'The database cannot be reached.',
      retryAfterSeconds: retryDelay(),
    };
  }
  if (code === '23505')
    return {
      status: 409,
      code: 'already_exists',
      detail: 'A record with these unique values already exists.',
    };
  return {
    status: 500,
    code: 'internal_error',
    detail: 'The request failed on our side; nothing of it was stored.',
  };
}

/** Seconds to wait, spread so that clients do not return together. */
export function retryDelay(): number {
  return 1 + Math.floor(Math.random() * 4);
}

function describeTransport(error: Error, code: string): Problem {
  const status =
    error instanceof HttpException
      ? error.getStatus()
      : ((error as { statusCode?: number }).statusCode ?? 400);
  const known: Record<number, string> = {
    400: 'malformed_request',
    404: 'not_found',
    405: 'method_not_allowed',
    408: 'request_timeout',
    413: 'too_large',
    415: 'unsupported_media_type',
    503: 'unavailable',
  };
  const detail = code === '' && status === 404 ? 'There is no such route.' : error.message;
  return {
    status,
    code: known[status] ?? 'http_error',
    detail,
    ...(status === 503 && { retryAfterSeconds: retryDelay() }),
  };
}
