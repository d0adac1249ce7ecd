import { ApiProperty, ApiPropertyOptional, OmitType } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  ArrayUnique,
  IsArray,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  IsUUID,
  Length,
  Max,
  Min,
} from 'class-validator';
import { IsStorableText } from '@lib/http';
import {
  EVIDENCE_LEVELS,
  GROUPINGS,
  INTERVALS,
  METRICS,
  ORDERS,
} from '../../application/metric-catalogue.js';
import type { Evidence, Metric } from '../../domain/event-metrics.js';
import type { Interval } from '../../domain/local-buckets.js';
import type { Grouping, Order } from '../../domain/query/metrics-query.js';
import { RangeQueryDto, repeatable } from '../metrics-query.dto.js';

const MOST_VALUES = 100;
const LONGEST_VALUE = 200;
/** A cursor holds the titles of the last row. */
const LONGEST_CURSOR = 12_000;

/** A list of values of which a number may be any. */
function Filter(description: string, example: string): PropertyDecorator {
  return (target, property) => {
    for (const decorate of [
      ApiPropertyOptional({
        isArray: true,
        type: String,
        maxItems: MOST_VALUES,
        example: [example],
        description,
      }),
      IsOptional(),
      Transform(repeatable),
      IsArray(),
      ArrayNotEmpty(),
      ArrayUnique(),
      ArrayMaxSize(MOST_VALUES),
      IsString({ each: true }),
      Length(1, LONGEST_VALUE, { each: true }),
      IsStorableText(),
    ])
      decorate(target, property);
  };
}

/** The parameters of the one grammar. */
export class MetricsQueryDto extends OmitType(RangeQueryDto, ['podcastId']) {
  @ApiProperty({ enum: METRICS, isArray: true, example: ['downloads'], description: 'May be repeated.' })
  @Transform(repeatable)
  @IsArray()
  @ArrayNotEmpty()
  @ArrayUnique()
  @IsIn(METRICS, { each: true })
  metric!: Metric[];
  @ApiPropertyOptional({
    enum: GROUPINGS,
    isArray: true,
    maxItems: 2,
    example: ['app'],
    description: 'By what rows are split, at most two; evidence always splits them.',
  })
  @IsOptional()
  @Transform(repeatable)
  @IsArray()
  @ArrayUnique()
  @ArrayMaxSize(2)
  @IsIn(GROUPINGS, { each: true })
  by?: Grouping[];
  @ApiPropertyOptional({
    enum: INTERVALS,
    example: 'day',
    description:
      'One number for each bucket of the local clock; weeks begin on Monday. Without it one for the range.',
  })
  @IsOptional()
  @IsIn(INTERVALS)
  interval?: Interval;
  @ApiPropertyOptional({
    enum: ['previous'],
    description:
      'Compare with the range of the same length before: in local days when both ends are dates, else in elapsed time.',
  })
  @IsOptional()
  @IsIn(['previous'])
  compare?: 'previous';
  @ApiPropertyOptional({ isArray: true, type: String, format: 'uuid', description: 'Only these podcasts.' })
  @IsOptional()
  @Transform(repeatable)
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(MOST_VALUES)
  @IsUUID(undefined, { each: true })
  podcastId?: string[];
  @ApiPropertyOptional({ isArray: true, type: String, format: 'uuid', description: 'Only these episodes.' })
  @IsOptional()
  @Transform(repeatable)
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(MOST_VALUES)
  @IsUUID(undefined, { each: true })
  episodeId?: string[];
  @ApiPropertyOptional({ enum: EVIDENCE_LEVELS, isArray: true, description: 'Only these levels.' })
  @IsOptional()
  @Transform(repeatable)
  @IsArray()
  @ArrayNotEmpty()
  @ArrayUnique()
  @IsIn(EVIDENCE_LEVELS, { each: true })
  evidence?: Evidence[];
  @Filter('Only these apps, by name, or `unknown`.', 'AntennaPod')
  app?: string[];
  @Filter('Only these categories of devices, or `unknown`.', 'mobile')
  device?: string[];
  @Filter('Only these countries, by ISO 3166-1 alpha-2, or `unknown`.', 'DE')
  country?: string[];
  @ApiPropertyOptional({
    enum: ORDERS,
    default: 'value',
    description: 'Highest value first, equal ones by name; or by name, by code point: A before a.',
  })
  @IsOptional()
  @IsIn(ORDERS)
  order?: Order;
  @ApiPropertyOptional({ default: 50, minimum: 1, maximum: 1000, description: 'Rows of a page.' })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(1000)
  limit?: number;
  @ApiPropertyOptional({
    description: 'The `next` of the page before. It fits only the question that gave it.',
  })
  @IsOptional()
  @IsString()
  @Length(1, LONGEST_CURSOR)
  cursor?: string;
}
