import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Principal } from '@lib/http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { lastValueFrom, of, type Observable } from 'rxjs';
import { AnswerCache, type ServedAnswer } from '../../application/serving/answer-cache.js';
import { CACHED_ANSWER } from './cached-answer.js';
import { matchesEtag } from './matches-etag.js';
import { questionText } from './question-text.js';

/**
 * Answers routes with `@CachedAnswer()` from memory where it can. It has to come before the interceptor that opens the
 * request's transaction, and comes after the guard: whoever may not ask gets nothing.
 */
@Injectable()
export class CachedAnswerInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly cache: AnswerCache,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest & { principal?: Principal }>();
    const { principal } = request;
    const isCached = this.reflector.get<boolean | undefined>(CACHED_ANSWER, context.getHandler());
    if (isCached !== true || principal?.kind !== 'tenant') return next.handle();
    const question = { tenantId: principal.tenantId, text: questionText(request.url, request.query) };
    const answer = await this.cache.answer(question, () => lastValueFrom(next.handle()));
    return of(present(answer, request, http.getResponse<FastifyReply>()));
  }
}

/** Clients may keep it for themselves, if they ask every time whether it stands. */
function present(answer: ServedAnswer, request: FastifyRequest, reply: FastifyReply): unknown {
  if (answer.kind === 'plain') return answer.value;
  void reply.headers({
    etag: answer.etag,
    'cache-control': 'private, no-cache',
    vary: [reply.getHeader('vary'), 'Authorization'].flat().filter(Boolean).join(', '),
  });
  if (matchesEtag(request.headers['if-none-match'], answer.etag)) {
    void reply.status(304);
    return undefined;
  }
  void reply.type('application/json; charset=utf-8');
  return answer.json;
}
