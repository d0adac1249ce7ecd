import { STATUS_CODES } from 'node:http';
import { ApiProperty, type ApiResponseNoStatusOptions } from '@nestjs/swagger';

/** RFC 9457 problem details: the body of every error. */
export class ProblemDto {
  @ApiProperty({ example: 'about:blank' }) type!: string;
  @ApiProperty({ example: 'Bad Request' }) title!: string;
  @ApiProperty({ example: 400 }) status!: number;
  @ApiProperty({ example: 'invalid_input', description: 'Stable; programs may branch on it.' }) code!: string;
  @ApiProperty({ example: 'timeZone must be an IANA time zone' }) detail!: string;
  @ApiProperty({
    required: false,
    example: 'timeZone',
    description: 'The offending input, where there is one.',
  })
  field?: string;
  @ApiProperty({
    required: false,
    type: 'array',
    items: { type: 'object' },
    description: 'Every fault of an invalid input.',
  })
  errors?: { field: string; rule: string }[];
  @ApiProperty({ example: 'req-1a', description: 'Quote it when reporting a fault.' }) requestId!: string;
}

/** An OpenAPI response of problem details, with an example. */
export function problemResponse(
  description: string,
  status: number,
  code: string,
): ApiResponseNoStatusOptions {
  return {
    description,
    content: {
      'application/problem+json': {
        schema: { $ref: '#/components/schemas/ProblemDto' },
        example: {
          type: 'about:blank',
          title: STATUS_CODES[status],
          status,
          code,
          detail: description,
          requestId: 'req-1a',
        },
      },
    },
  };
}
