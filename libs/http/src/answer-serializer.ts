import { ClassSerializerInterceptor, Injectable, type PlainLiteralObject } from '@nestjs/common';

/**
 * Keeps answers to the fields of the type that their route names with `SerializeOptions`. Answers of routes that name none
 * are sent as they are: going through the fields of a thousand points takes longer than counting them.
 */
@Injectable()
export class AnswerSerializer extends ClassSerializerInterceptor {
  override transformToPlain(
    answer: PlainLiteralObject,
    options: Parameters<ClassSerializerInterceptor['transformToPlain']>[1],
  ): PlainLiteralObject {
    return options.type === undefined ? answer : super.transformToPlain(answer, options);
  }
}
