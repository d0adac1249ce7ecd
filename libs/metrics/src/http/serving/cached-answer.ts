import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiHeader, ApiResponse } from '@nestjs/swagger';

export const CACHED_ANSWER = 'podcast:cached-answer';

/**
 * The route's answer may be given again, to any key of the tenant that may call it, until something that it is made of
 * changes: see `AnswerCache`. It must depend on nothing but the tenant, the path and the query, be an object, and spread
 * the frame that `QuestionReader.prepare` made; without the frame, or with another `asOf`, it is never kept.
 */
export function CachedAnswer(): MethodDecorator {
  return applyDecorators(
    SetMetadata(CACHED_ANSWER, true),
    ApiHeader({
      name: 'if-none-match',
      required: false,
      description: 'The ETag of an earlier answer: 304 without a body says that its numbers stand.',
    }),
    ApiResponse({ status: 304, description: 'The answer with this ETag stands, but for a later asOf' }),
  );
}
