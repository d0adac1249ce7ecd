import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, ArrayUnique, IsArray, IsOptional, IsUUID } from 'class-validator';
import { repeatable } from './repeatable.js';

/** What a list of ids is of, and how many it may hold. */
export interface IdListOptions {
  readonly description: string;
  readonly most: number;
  /** 1 when left out. */
  readonly fewest?: number;
  readonly required?: boolean;
}

/**
 * A query parameter that is repeated for each of some UUIDs. It holds them as the database writes them, so they can be
 * compared; none may be named twice, be it in other letters.
 */
export function IdList({
  description,
  most,
  fewest = 1,
  required = false,
}: IdListOptions): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ type: [String], format: 'uuid', minItems: fewest, maxItems: most, description, required }),
    ...(required ? [] : [IsOptional()]),
    Transform((given) => inSmallLetters(repeatable(given))),
    IsArray(),
    ArrayMinSize(fewest),
    ArrayMaxSize(most),
    ArrayUnique(),
    IsUUID(undefined, { each: true }),
  );
}

function inSmallLetters(ids: unknown): unknown {
  return Array.isArray(ids)
    ? ids.map((id: unknown) => (typeof id === 'string' ? id.toLowerCase() : id))
    : ids;
}
