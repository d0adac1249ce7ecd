import { applyDecorators } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsStorableText } from '@lib/http';
import { Transform } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  ArrayUnique,
  IsArray,
  IsOptional,
  IsString,
  Length,
} from 'class-validator';
import { repeatable } from './repeatable.js';

const LONGEST_NAME = 200;

/** A query parameter that may be repeated for each of up to `most` names: a number may be of any of them. */
export function NameList(description: string, example: string, most: number): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional({ type: [String], minItems: 1, maxItems: most, example: [example], description }),
    IsOptional(),
    Transform(repeatable),
    IsArray(),
    ArrayNotEmpty(),
    ArrayMaxSize(most),
    ArrayUnique(),
    IsString({ each: true }),
    Length(1, LONGEST_NAME, { each: true }),
    IsStorableText(),
  );
}
